// Runs inside the recorded page: our recorder and the reference side by side.
import { record } from '@rrweb/record';
import { Privacy, type PrivacyConfig } from '../../src/privacy';
import { Recorder } from '../../src/recorder/recorder';
import { dump } from './dump';
import { createStorm } from './storm';

interface Recordings {
  ours: unknown[];
  reference: unknown[];
  errors: string[];
}

const recordings: Recordings = { ours: [], reference: [], errors: [] };
let recorder: Recorder | undefined;
let stopReference: (() => void) | undefined;

const twoFrames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));

export const harness = {
  start(privacy: PrivacyConfig = { defaultMaskLevel: 'light' }, isWithReference = true) {
    recorder = new Recorder(
      (type, data, timestamp = Date.now()) => recordings.ours.push(JSON.parse(JSON.stringify({ type, data, timestamp }))),
      {
        privacy: new Privacy(privacy),
        report: (error) => recordings.errors.push(String((error as Error).stack ?? error)),
        shouldInlineStylesheet: true,
        applyBackgroundColorToBlockedElements: false,
      },
    );
    recorder.start();
    if (isWithReference) {
      const emit = (event: unknown) => recordings.reference.push(JSON.parse(JSON.stringify(event)));
      stopReference = record({ emit, maskInputOptions: { password: true } }) as () => void;
    }
  },
  recorder: () => recorder!,
  stop() {
    recorder?.stop();
    stopReference?.();
  },
  /** The page anew, and new recordings. */
  restart(html: string) {
    harness.stop();
    recordings.ours = [];
    recordings.reference = [];
    document.documentElement.innerHTML = html;
    window.storm = createStorm();
    harness.start();
  },
  /** The time up to which the recordings show the page as it is now. */
  async mark() {
    await harness.settled();
    const time_ms = Date.now();
    // The next event is later.
    while (Date.now() === time_ms) await new Promise((done) => setTimeout(done, 1));
    return { time_ms, page: harness.dump() };
  },
  /** When both recorders have written everything. */
  async settled() {
    do await twoFrames();
    while (!recorder!.isUpToDate);
    await new Promise((done) => setTimeout(done, 120));
  },
  recordings,
  dump: () => dump(document),
};

declare global {
  interface Window {
    harness: typeof harness;
    createStorm: typeof createStorm;
    storm: ReturnType<typeof createStorm>;
  }
}
window.createStorm = createStorm;
window.harness = harness;
