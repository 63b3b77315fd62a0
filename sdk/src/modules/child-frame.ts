// For a page inside a frame of another origin: records, and hands everything to the page
// around it. See `frames.ts`.

import { TYPE, type Message } from '../frame-messages';
import { Privacy, type PrivacyConfig } from '../privacy';
import { Stops } from '../recorder/page-access';
import { Recorder } from '../recorder/recorder';

/** `origins` may be around this page. Returns what ends it. */
export function recordForParent({
  origins,
  privacyConfig = {},
}: {
  origins: string[];
  privacyConfig?: PrivacyConfig;
}): () => void {
  const report = (error: unknown) => console.warn('[reenact]', error);
  const stops = new Stops(report);
  let recorder: Recorder | undefined;
  if (window.parent === window) return () => {};

  const send = (message: Message, origin: string) => window.parent.postMessage(message, origin);
  stops.listen(window, 'message', ({ data, origin, source }: MessageEvent<Message>) => {
    if (data?.type !== TYPE || data.kind !== 'start' || source !== window.parent || !origins.includes(origin)) return;
    recorder?.stop();
    recorder = new Recorder(
      (type, data, timestamp = Date.now()) => {
        send({ type: TYPE, kind: 'event', event: { type, data, timestamp } }, origin);
      },
      {
        privacy: new Privacy(privacyConfig),
        report,
        shouldInlineStylesheet: true,
        applyBackgroundColorToBlockedElements: false,
      },
    );
    recorder.start();
  });
  stops.listen(window, 'pagehide', () => recorder?.flush(true));
  // The page around answers when it records.
  for (const origin of origins) send({ type: TYPE, kind: 'hello' }, origin);
  return () => {
    recorder?.stop();
    stops.stop();
  };
}
