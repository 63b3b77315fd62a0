// The recorders that are compared, each as one script and as a site would start it.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const file = (path) => readFile(fileURLToPath(new URL(path, import.meta.url)));

async function bundle(contents) {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url));
  const result = await build({
    stdin: { contents, resolveDir, loader: 'js' },
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2020',
    define: { 'process.env.NODE_ENV': '"production"', __SENTRY_DEBUG__: 'false' },
    logLevel: 'error',
  });
  return result.outputFiles[0].contents;
}

/** Scripts by path; each defines `startRecorder`. */
export async function scripts() {
  const ours = await file('../dist/reenact.js');
  const start = `;window.startRecorder = () => reenact.init('bench', {
    serverUrl: location.origin, sampleRate: 1, deviceId: 'd', sessionId: 's' + Math.random() }).promise;`;
  return {
    '/none/index.js': 'window.startRecorder = () => {};',
    '/reenact/index.js': Buffer.concat([ours, Buffer.from(start)]),
    '/reenact/recorder.js': await file('../dist/recorder.js'),
    // It records into memory and sends nothing.
    '/rrweb/index.js': await bundle(`import { record } from '@rrweb/record';
      window.kept = [];
      window.startRecorder = () => record({ emit: (event) => window.kept.push(JSON.stringify(event)), maskAllInputs: true });`),
    '/amplitude/index.js': await bundle(`import * as replay from '@amplitude/session-replay-browser';
      window.startRecorder = () => replay.init('0123456789abcdef0123456789abcdef', {
        deviceId: 'device', sessionId: Date.now(), sampleRate: 1, optOut: false,
        trackServerUrl: location.origin + '/upload/amplitude', configServerUrl: location.origin + '/amplitude-config' }).promise;`),
    '/sentry/index.js': await bundle(`import * as Sentry from '@sentry/browser';
      window.startRecorder = () => Sentry.init({
        dsn: location.origin.replace('://', '://key@') + '/1', tunnel: location.origin + '/upload/sentry',
        replaysSessionSampleRate: 1, integrations: [Sentry.replayIntegration({ maskAllText: false, blockAllMedia: false })] });`),
    '/posthog/index.js': await bundle(`import posthog from 'posthog-js/dist/module.full.no-external';
      window.startRecorder = () => new Promise((loaded) => posthog.init('phc_bench', {
        api_host: location.origin + '/upload/posthog', loaded, autocapture: false, capture_pageview: false,
        person_profiles: 'never', advanced_disable_feature_flags: false,
        session_recording: { maskAllInputs: true } }));`),
  };
}

/** What the services answer that the SDKs ask before they record. */
export function answerOf(path) {
  if (path.startsWith('/config/')) return '{"configs":{"sessionReplay":{}}}';
  if (path.startsWith('/amplitude-config')) {
    return '{"configs":{"sessionReplay":{"sr_sampling_config":{"capture_enabled":true,"sample_rate":1}},"diagnostics":{"browserSDK":{"enabled":false}}}}';
  }
  if (path.startsWith('/upload/posthog')) {
    const recording = { endpoint: '/s/', recorderVersion: 'v2', consoleLogRecordingEnabled: false };
    return JSON.stringify({ status: 1, supportedCompression: ['gzip-js'], sessionRecording: recording, featureFlags: {}, flags: {} });
  }
  return '{}';
}

export const isUpload = (path) => path.startsWith('/upload/') || path.startsWith('/api/');
