// The signals that other SDKs find by themselves, in the same visits.
import type { BrowserContext } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { credentials } from '../support/server';
import { sdkFolder } from '../support/sdks';
import type { Signal } from './cases';

export const otherSdks = ['sentry', 'posthog', 'amplitude'] as const;
export type OtherSdk = (typeof otherSdks)[number];

/** Which of the signals each of them knows at all. */
export const known: Record<OtherSdk, Signal[]> = {
  sentry: ['rage_click', 'dead_click', 'slow_click'],
  posthog: ['rage_click', 'dead_click'],
  amplitude: ['rage_click', 'dead_click', 'error_click', 'thrashed_cursor'],
};

export const versions: Record<OtherSdk, string> = { sentry: '@sentry/browser 11', posthog: 'posthog-js 1.449.2', amplitude: '@amplitude/analytics-browser 2.48.1' };

const scripts = ['sentry-browser-11.js', 'posthog-js/1.449.2/dist/array.js', 'amplitude-analytics-browser-2.48.1.js'];

export type Said = Map<OtherSdk, Set<Signal>>;

/** Starts them in every page of the context; what they say is collected. */
export async function addOtherSdks(context: BrowserContext, server: string, deviceId: string): Promise<Said> {
  const said: Said = new Map(otherSdks.map((sdk) => [sdk, new Set<Signal>()]));
  await context.exposeBinding('signalFound', (_, sdk: OtherSdk, signal: Signal) => void said.get(sdk)?.add(signal));
  // What a script declares stays inside of an init script.
  const built = scripts.map((script) => readFileSync(sdkFolder(script), 'utf8'));
  await context.addInitScript({ content: `${built.join('\n;\n')}\n;window.Sentry = Sentry;` });
  await context.addInitScript(start, { server, key: credentials.ingestKey, deviceId });
  return said;
}

/** Runs in the page. */
function start({ server, key, deviceId }: { server: string; key: string; deviceId: string }): void {
  const { Sentry, posthog, amplitude, signalFound } = window as any;
  const run = () => {
    Sentry.init({
      dsn: `${server.replace('://', `://${key}@`)}/42`,
      integrations: [
        Sentry.replayIntegration({
          beforeAddRecordingEvent: (event: any) => {
            const { category, data } = event.data?.payload ?? {};
            if (category === 'ui.multiClick') signalFound('sentry', 'rage_click');
            // Its dead clicks are slow ones that waited in vain.
            if (category === 'ui.slowClickDetected') {
              signalFound('sentry', data.endReason === 'timeout' ? 'dead_click' : 'slow_click');
              if (data.clickCount >= 3) signalFound('sentry', 'rage_click');
            }
            return event;
          },
        }),
      ],
      replaysSessionSampleRate: 1,
    });
    posthog.init(key, {
      api_host: server,
      opt_out_useragent_filter: true,
      disable_surveys: true,
      disable_session_recording: true,
      capture_dead_clicks: true,
      rageclick: true,
      before_send: (event: any) => {
        if (event?.event === '$rageclick') signalFound('posthog', 'rage_click');
        if (event?.event === '$dead_click') signalFound('posthog', 'dead_click');
        return event;
      },
    });
    const named: Record<string, string> = {
      '[Amplitude] Rage Click': 'rage_click',
      '[Amplitude] Dead Click': 'dead_click',
      '[Amplitude] Error Click': 'error_click',
      '[Amplitude] Thrashed Cursor': 'thrashed_cursor',
    };
    amplitude.add({
      name: 'signals',
      type: 'enrichment',
      setup: async () => undefined,
      execute: async (event: any) => {
        const signal = named[event.event_type];
        if (signal) signalFound('amplitude', signal);
        return event;
      },
    });
    amplitude.init(key, undefined, {
      deviceId,
      serverUrl: `${server}/2/httpapi`,
      remoteConfig: { fetchRemoteConfig: false },
      fetchRemoteConfig: false,
      enableDiagnostics: false,
      autocapture: {
        attribution: false,
        fileDownloads: false,
        formInteractions: false,
        pageViews: false,
        sessions: false,
        networkTracking: false,
        webVitals: false,
        elementInteractions: true,
        frustrationInteractions: { rageClicks: true, deadClicks: true, errorClicks: true, thrashedCursor: true },
      },
    });
  };
  if (document.readyState === 'loading') addEventListener('DOMContentLoaded', run);
  else run();
}
