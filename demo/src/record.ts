// Starts the unmodified vendor SDKs and points all of their addresses at the
// server that delivered this page.
import { h, byId } from './dom';

interface Analytics {
  add(plugin: unknown): { promise: Promise<void> };
  init(apiKey: string, userId: string | undefined, options: object): { promise: Promise<void> };
  track(eventType: string, properties?: Record<string, unknown>): unknown;
  setUserId(userId: string): void;
}

declare global {
  interface Window {
    REENACT_DEMO?: { ingestKey: string; server: string };
    amplitude?: Analytics;
    sessionReplay?: { plugin(options: object): unknown };
  }
}

export async function startRecording(): Promise<void> {
  const config = window.REENACT_DEMO;
  const { amplitude, sessionReplay } = window;
  if (!config || !amplitude || !sessionReplay) {
    showBanner('This visit is not being recorded: the server gave no key.');
    return;
  }
  showBanner('This visit is being recorded.', `${config.server}/replays`);
  await amplitude.add(
    sessionReplay.plugin({
      sampleRate: 1,
      trackServerUrl: `${config.server}/sessions/v2/track`,
      configServerUrl: `${config.server}/config`,
    }),
  ).promise;
  await amplitude.init(config.ingestKey, undefined, {
    serverUrl: `${config.server}/2/httpapi`,
    remoteConfig: { serverUrl: `${config.server}/config` },
    // Self-telemetry has a fixed address at the vendor.
    enableDiagnostics: false,
    autocapture: {
      attribution: false,
      fileDownloads: false,
      pageViews: true,
      sessions: true,
      formInteractions: true,
      elementInteractions: true,
      frustrationInteractions: true,
      // The SDK would otherwise report its own uploads to us as requests of
      // the page: it only knows the vendor's hosts as its own.
      networkTracking: false,
      webVitals: false,
    },
  }).promise;
}

export function track(eventType: string, properties?: Record<string, unknown>): void {
  window.amplitude?.track(eventType, properties);
}

export function identify(userId: string): void {
  window.amplitude?.setUserId(userId);
}

const thingsToTry = [
  'Type into the checkout form: the replay shows asterisks.',
  'Press “Compare” on a product a few times: nothing happens, which is a dead click.',
  'Press “Track my parcel” at the foot of the page: it throws an error and a request fails.',
  'Try a coupon in the cart: its service is down.',
  'Order the “Thirteen brass tag” alone: the payment is declined.',
  'Open About: a real page load inside the same replay.',
];

function showBanner(text: string, replaysUrl?: string): void {
  byId('recording-banner').replaceChildren(
    h(
      'aside',
      { class: 'recording-banner', 'aria-label': 'About this recording' },
      h('span', { class: 'dot', 'aria-hidden': 'true' }),
      h('span', {}, text, replaysUrl ? ' Watch it: ' : '', replaysUrl && h('a', { href: replaysUrl, target: '_blank', rel: 'noopener' }, 'all replays')),
      h('details', {}, h('summary', {}, 'What to try'), h('ul', {}, ...thingsToTry.map((thing) => h('li', {}, thing)))),
    ),
  );
}
