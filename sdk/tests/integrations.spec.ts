// With other people's products: Segment's real SDK, and a tag manager's way of loading.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { add, expect, flush, init, open, test } from './support/sdk-page';

const ID = '[Amplitude] Session Replay ID';

test('Segment: a source middleware adds the replay to its events', async ({ page, ingest }) => {
  const contents = "import { AnalyticsBrowser } from '@segment/analytics-next'; window.AnalyticsBrowser = AnalyticsBrowser;";
  const resolveDir = fileURLToPath(new URL('..', import.meta.url));
  const result = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    write: false,
    format: 'iife',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'error',
  });
  const sent: any[] = [];
  await page.route('https://api.segment.io/**', async (route) => {
    sent.push(route.request().postDataJSON());
    await route.fulfill({ json: { success: true }, headers: { 'Access-Control-Allow-Origin': '*' } });
  });
  ingest.pages['/segment.js'] = result.outputFiles[0]!.text;
  ingest.pages['/'] = '<!doctype html><script src=/segment.js></script><script src=/dist/reenact.js></script><p>marker-start</p>';
  await page.goto(ingest.url);
  // As docs/sdk.md tells it.
  await page.evaluate(async () => {
    const { AnalyticsBrowser, reenact } = window as any;
    const analytics = AnalyticsBrowser.load({
      writeKey: 'key',
      cdnSettings: { integrations: { 'Segment.io': { apiKey: 'key', apiHost: 'api.segment.io/v1' } } },
    });
    const user = await analytics.user();
    await reenact.init('key-of-the-project', { serverUrl: location.origin, deviceId: user.anonymousId(), sampleRate: 1 }).promise;
    analytics.addSourceMiddleware(({ payload, next }: any) => {
      if (payload.obj.type === 'track') Object.assign((payload.obj.properties ??= {}), reenact.getSessionReplayProperties());
      next(payload);
    });
    await analytics.track('Order Placed', { total: 7 });
    await analytics.identify('user-1');
  });
  await expect.poll(() => sent.length).toBe(2);
  const order = sent.find(({ event }) => event === 'Order Placed');
  expect(order.properties).toMatchObject({ total: 7, [ID]: expect.stringMatching(new RegExp(`^${order.anonymousId}/\\d+$`)) });
  expect(JSON.stringify(sent.find(({ type }) => type === 'identify'))).not.toContain(ID);
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
});

test('a tag manager: loaded late by a tag, which may fire twice', async ({ page, ingest }) => {
  ingest.pages['/'] = '<!doctype html><main><p>marker-start</p></main>';
  await page.goto(ingest.url);
  // As docs/sdk.md tells it.
  const tag = `(function () {
    if (window.reenactTag) return;
    window.reenactTag = true;
    var script = document.createElement('script');
    script.src = '/dist/reenact.js';
    script.onload = function () {
      window.reenact.init('key-of-the-project', { serverUrl: location.origin, sampleRate: 1 });
    };
    document.head.appendChild(script);
  })();`;
  for (let times = 0; times < 2; times++) await page.evaluate((tag) => void document.head.append(Object.assign(document.createElement('script'), { textContent: tag })), tag);
  await expect.poll(() => ingest.has('marker-start')).toBe(true);
  expect(ingest.configRequests).toBe(1);
  expect(ingest.stored().filter(({ type }) => type === 2)).toHaveLength(1);
});

test('init again: one recording, not two', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await init(page);
  await add(page, 'marker-once');
  await flush(page);
  const adds = ingest.stored().flatMap(({ data }) => data.adds ?? []);
  expect(adds.filter(({ node }) => node.textContent === 'marker-once')).toHaveLength(1);
});
