// The real Browser SDK 2 with our plugin.
import type { Page } from '@playwright/test';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import type { Ingest } from './support/ingest';
import { expect, test } from './support/sdk-page';

const ID = '[Amplitude] Session Replay ID';

async function script(): Promise<string> {
  const result = await build({
    stdin: {
      contents: "import * as amplitude from '@amplitude/analytics-browser'; window.amplitude = amplitude;",
      resolveDir: fileURLToPath(new URL('..', import.meta.url)),
    },
    bundle: true,
    write: false,
    format: 'iife',
    logLevel: 'error',
  });
  return result.outputFiles[0]!.text;
}

/** Returns the events that Amplitude's SDK will have sent. */
async function openWithAmplitude(page: Page, ingest: Ingest): Promise<any[]> {
  const events: any[] = [];
  await page.route('**/2/httpapi', async (route) => {
    events.push(...route.request().postDataJSON().events);
    await route.fulfill({ json: { code: 200 } });
  });
  ingest.pages['/amplitude.js'] = await script();
  ingest.pages['/'] = '<!doctype html><script src=/amplitude.js></script><script src=/dist/reenact.js></script><p>marker-start</p>';
  await page.goto(ingest.url);
  return events;
}

test('amplitude.add, remove and add again', async ({ page, ingest }) => {
  const events = await openWithAmplitude(page, ingest);
  await page.evaluate(async () => {
    const { amplitude, reenact } = window as any;
    window.plugin = reenact.sessionReplayPlugin({ sampleRate: 1 });
    await amplitude.init('key-of-the-project', 'user-1', {
      serverUrl: location.origin + '/2/httpapi',
      autocapture: false,
      fetchRemoteConfig: false,
      flushIntervalMillis: 50,
    }).promise;
    await amplitude.add(window.plugin).promise;
    await new Promise((done) => setTimeout(done, 300));
    await amplitude.track('first').promise;
    amplitude.identify(new amplitude.Identify().set('a', 1));
  });
  const session = await page.evaluate(() => `${(window as any).amplitude.getDeviceId()}/${(window as any).amplitude.getSessionId()}`);
  await expect.poll(() => events.find(({ event_type }) => event_type === 'first')?.event_properties?.[ID]).toBe(session);
  await expect.poll(() => events.some(({ event_type }) => event_type === '$identify')).toBe(true);
  expect(events.find(({ event_type }) => event_type === '$identify').event_properties?.[ID]).toBeUndefined();
  await page.evaluate(() => window.plugin.client.flush());
  expect(ingest.has('marker-start')).toBe(true);

  // Removed: events carry nothing. Added again: they do, and a new snapshot is taken.
  await page.evaluate(async () => {
    const { amplitude } = window as any;
    await amplitude.remove('@reenact/browser').promise;
    await amplitude.track('second').promise;
    await amplitude.add(window.plugin).promise;
    await new Promise((done) => setTimeout(done, 300));
    amplitude.setSessionId(1_800_000_000_000);
    await amplitude.track('third').promise;
    await amplitude.track('fourth').promise;
  });
  await expect.poll(() => events.find(({ event_type }) => event_type === 'fourth')?.event_properties?.[ID]).toMatch(/\/1800000000000$/);
  expect(events.find(({ event_type }) => event_type === 'second').event_properties?.[ID]).toBeUndefined();
  await page.evaluate(() => window.plugin.client.flush());
  expect(JSON.stringify(ingest.stored('1800000000000'))).toContain('marker-start');

  await page.evaluate(() => (window as any).amplitude.setOptOut(true));
  await expect.poll(() => page.evaluate(() => window.plugin.getSessionReplayProperties())).toEqual({});
});

test('customSessionId takes the session from events', async ({ page, ingest }) => {
  const events = await openWithAmplitude(page, ingest);
  await page.evaluate(async () => {
    const { amplitude, reenact } = window as any;
    const customSessionId = (event: any) => event.event_properties?.visit;
    window.plugin = reenact.sessionReplayPlugin({ sampleRate: 1, customSessionId });
    await amplitude.add(window.plugin).promise;
    const serverUrl = location.origin + '/2/httpapi';
    await amplitude.init('key-of-the-project', 'u', { serverUrl, autocapture: false, fetchRemoteConfig: false, flushIntervalMillis: 50 }).promise;
    await amplitude.track('without').promise;
    await amplitude.track('with', { visit: 'visit-7' }).promise;
    await window.plugin.client.flush();
  });
  const idOf = (name: string) => events.find(({ event_type }) => event_type === name)?.event_properties?.[ID];
  await expect.poll(() => idOf('with')).toMatch(/\/visit-7$/);
  expect(idOf('without')).toBeUndefined();
  expect(JSON.stringify(ingest.stored('visit-7'))).toContain('marker-start');
  expect(ingest.uploads.map(({ query }) => query.get('session_id'))).not.toContain('');
});

declare global {
  interface Window {
    plugin: any;
  }
}
