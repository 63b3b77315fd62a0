// Records the visit with our own SDK. `?sdk=amplitude` takes Amplitude's unmodified
// SDKs instead, for this tab, with all of their addresses pointed at our server.
import { h, byId } from './dom';

interface Analytics {
  add(plugin: unknown): { promise: Promise<void> };
  init(apiKey: string, userId: string | undefined, options: object): { promise: Promise<void> };
  track(eventType: string, properties?: Record<string, unknown>): unknown;
  setUserId(userId: string): void;
}

interface Recorder {
  init(key: string, options: object): { promise: Promise<void> };
  track(eventType: string, properties?: Record<string, unknown>): void;
  identify(userId: string): void;
}

declare global {
  interface Window {
    REENACT_DEMO?: { ingestKey: string; server: string };
    amplitude?: Analytics;
    sessionReplay?: { plugin(options: object): unknown };
    reenact?: Recorder;
  }
}

export async function startRecording(): Promise<void> {
  const config = window.REENACT_DEMO;
  if (!config) {
    showBanner('This visit is not being recorded: the server gave no key.');
    return;
  }
  const isAmplitude = chosenSdk() === 'amplitude';
  showBanner('This visit is being recorded.', `${config.server}/replays`);
  await (isAmplitude ? startAmplitude(config) : startReenact(config));
}

/** Without the banner, for which a page may have no place. */
export async function recordQuietly(): Promise<void> {
  if (window.REENACT_DEMO) await startReenact(window.REENACT_DEMO);
}

/** The choice holds for the tab: the shop has several pages. */
function chosenSdk(): string | null {
  const asked = new URLSearchParams(location.search).get('sdk');
  if (asked) sessionStorage.setItem('sdk', asked);
  return asked ?? sessionStorage.getItem('sdk');
}

type Config = NonNullable<typeof window.REENACT_DEMO>;

async function startReenact({ ingestKey, server }: Config): Promise<void> {
  await window.reenact?.init(ingestKey, {
    serverUrl: server,
    sampleRate: 1,
    autocapture: true,
    modules: ['console', 'errors', 'network', 'vitals'],
  }).promise;
}

function loadScript(src: string): Promise<void> {
  return new Promise((loaded, failed) => {
    const script = document.createElement('script');
    script.src = src;
    script.onload = () => loaded();
    script.onerror = () => failed(new Error(`cannot load ${src}`));
    document.head.append(script);
  });
}

async function startAmplitude(config: Config): Promise<void> {
  await loadScript('/demo/vendor/analytics.js');
  await loadScript('/demo/vendor/session-replay.js');
  const { amplitude, sessionReplay } = window;
  if (!amplitude || !sessionReplay) return;
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
  if (window.amplitude) window.amplitude.track(eventType, properties);
  else window.reenact?.track(eventType, properties);
}

export function identify(userId: string): void {
  if (window.amplitude) window.amplitude.setUserId(userId);
  else window.reenact?.identify(userId);
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
