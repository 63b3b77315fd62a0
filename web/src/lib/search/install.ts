export type Way = 'amplitude' | 'rrweb';

export interface InstallStep {
  text: string;
  code: string;
  /** Of the copy button. */
  label: string;
}

/** How to record a site into this project, with the project's real key and this server's address. */
export function installSteps(way: Way, origin: string, ingest_key: string): InstallStep[] {
  return way === 'amplitude' ? amplitude(origin, ingest_key) : rrweb(origin, ingest_key);
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

/** As a literal in the code: a key is typed by people and may contain anything. */
function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`;
}
