/** Recorders that send to this server, as they are named in the app. */
export const ways = {
  amplitude: 'Amplitude',
  sentry: 'Sentry',
  posthog: 'PostHog',
  reenact: 'Reenact',
  rrweb: 'rrweb',
} as const;

export type Way = keyof typeof ways;

export interface InstallStep {
  text: string;
  code: string;
  /** Of the copy button. */
  label: string;
}

/** How to record a site into this project, with the project's real key and this server's address. */
export function installSteps(way: Way, origin: string, ingest_key: string): InstallStep[] {
  return { amplitude, sentry, posthog, reenact, rrweb }[way](origin, ingest_key);
}

function sentry(origin: string, ingest_key: string): InstallStep[] {
  const dsn = new URL('/1', origin);
  dsn.username = dsnKey(ingest_key);
  return [
    { text: 'Add the SDK to your site, if it is not there yet.', code: 'npm install @sentry/browser', label: 'Copy command' },
    {
      text: 'Only the DSN changes. The number at its end may stay as it is; servers and mobile apps take the same DSN.',
      code: `import * as Sentry from '@sentry/browser';

Sentry.init({
  dsn: ${quoted(dsn.href)},
  integrations: [Sentry.replayIntegration(), Sentry.browserTracingIntegration()],
  replaysSessionSampleRate: 1,
  replaysOnErrorSampleRate: 1,
});`,
      label: 'Copy code',
    },
  ];
}

function posthog(origin: string, ingest_key: string): InstallStep[] {
  return [
    { text: 'Add the SDK to your site, if it is not there yet.', code: 'npm install posthog-js', label: 'Copy command' },
    {
      text: 'Only token and host change. This import brings the recorder along; with the snippet, name the package in the setting posthog.package_dir, so that this server can hand the recorder out.',
      code: `import posthog from 'posthog-js/dist/module.full.no-external';

posthog.init(${quoted(ingest_key)}, { api_host: ${quoted(origin)} });`,
      label: 'Copy code',
    },
  ];
}

function reenact(origin: string, ingest_key: string): InstallStep[] {
  return [
    {
      text: 'Put this into the head of every page. The script comes from this server; the page loads the recorder itself only when it records.',
      code: `<script src="${origin}/sdk/reenact.js"></script>
<script>
  reenact.init(${quoted(ingest_key)}, { serverUrl: ${quoted(origin)}, sampleRate: 1 });
</script>`,
      label: 'Copy code',
    },
  ];
}

function amplitude(origin: string, ingest_key: string): InstallStep[] {
  return [
    {
      text: 'Add the recorder to your site.',
      code: 'npm install @amplitude/analytics-browser @amplitude/plugin-session-replay-browser',
      label: 'Copy command',
    },
    {
      text: 'Start it where your app starts. An app that already uses this SDK needs only the key and the three addresses.',
      code: `import * as amplitude from '@amplitude/analytics-browser';
import { sessionReplayPlugin } from '@amplitude/plugin-session-replay-browser';

const server = ${quoted(origin)};
const key = ${quoted(ingest_key)};

amplitude.add(
  sessionReplayPlugin({
    sampleRate: 1,
    trackServerUrl: server + '/sessions/v2/track',
    configServerUrl: server + '/config',
  }),
);
amplitude.init(key, { serverUrl: server + '/2/httpapi' });`,
      label: 'Copy code',
    },
  ];
}

function rrweb(origin: string, ingest_key: string): InstallStep[] {
  return [
    { text: 'Add the recorder to your site.', code: 'npm install @rrweb/record', label: 'Copy command' },
    {
      text: 'Start it where your app starts. It sends every five seconds and when the page is left.',
      code: `import { record } from '@rrweb/record';

const server = ${quoted(origin)};
const key = ${quoted(ingest_key)};
const device = (localStorage.device ??= crypto.randomUUID());
const session = (sessionStorage.session ??= String(Date.now()));

let events = [];
record({ emit: (event) => events.push(event), maskAllInputs: true });

function send() {
  if (events.length === 0) return;
  const query = new URLSearchParams({ device_id: device, session_id: session });
  fetch(server + '/api/v1/ingest/rrweb?' + query, {
    method: 'POST',
    keepalive: events.length < 50,
    headers: { authorization: 'Bearer ' + key, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  events = [];
}
setInterval(send, 5000);
addEventListener('pagehide', send);`,
      label: 'Copy code',
    },
  ];
}

/** SDKs take letters, digits and _ only; a key with dashes is written so, and the server knows it. */
function dsnKey(ingest_key: string): string {
  if (/^\w*$/.test(ingest_key)) return ingest_key;
  return ingest_key.replace(/[\W_]/g, (character) => `_${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** As a literal in the code: a key is typed by people and may contain anything. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
}
