import { expect, flush, open, test } from './support/sdk-page';

type Page = import('@playwright/test').Page;

async function initWith(page: Page, file: string, create: string, options: unknown = {}): Promise<void> {
  await page.evaluate(
    async ([file, create, options]) => {
      const loaded = await import(`/dist/modules/${file}.js`);
      await window.reenact.init('key-of-the-project', {
        serverUrl: location.origin,
        deviceId: 'd',
        sessionId: 's',
        sampleRate: 1,
        modules: [loaded[create as string](options)],
      }).promise;
    },
    [file, create, options] as const,
  );
}

test('console: levels, arguments, limits, restored', async ({ page, ingest }) => {
  await open(page, ingest);
  const original = await page.evaluateHandle(() => console.log);
  await initWith(page, 'console', 'consoleCapture', { maxArgumentChars: 50, maxRecords: 5 });
  await page.evaluate(() => {
    const circle: Record<string, unknown> = { a: 1 };
    circle.self = circle;
    console.log('text', 7, circle, undefined, () => 1, document.body);
    console.error(new TypeError('wrong'));
    console.debug('not asked for');
    console.warn('x'.repeat(100));
    for (let n = 0; n < 10; n++) console.info(n);
  });
  await flush(page);
  const records = ingest.stored().filter((event) => event.data.plugin === 'rrweb/console@1').map((event) => event.data.payload);
  expect(records.map(({ level }) => level)).toEqual(['log', 'error', 'warn', 'info', 'info', 'warn']);
  expect(records[0].payload).toEqual(['"text"', '7', '{"a":1,"self":"[seen above]"}', '"undefined"', '"[function ]"', '"<body>"']);
  expect(JSON.parse(records[1].payload[0])).toContain('TypeError: wrong');
  expect(records[2].payload[0].length).toBeLessThan(60);
  expect(records[5].payload[0]).toContain('no more than 5');
  await page.evaluate(() => window.reenact.shutdown());
  expect(await page.evaluate((original) => console.log === original, original)).toBe(true);
});

test('errors: thrown, rejected, not loaded', async ({ page, ingest }) => {
  await open(page, ingest);
  await initWith(page, 'errors', 'errorCapture');
  await page.evaluate(async () => {
    setTimeout(() => { throw new RangeError('thrown'); });
    void Promise.reject(new Error('rejected'));
    const image = new Image();
    image.src = '/missing.png';
    document.body.append(image);
    await new Promise((done) => (image.onerror = done));
  });
  await page.waitForTimeout(50);
  await flush(page);
  const errors = ingest.stored().filter((event) => event.data.tag === 'error').map((event) => event.data.payload);
  expect(errors.map(({ kind }) => kind).sort()).toEqual(['error', 'rejection', 'resource']);
  expect(errors.find(({ kind }) => kind === 'error')).toMatchObject({ name: 'RangeError', message: 'thrown', handled: false });
  expect(errors.find(({ kind }) => kind === 'resource')).toMatchObject({ tag: 'img', id: expect.any(Number) });
});

test('network: metadata of all, details of some, nothing of ours', async ({ page, ingest }) => {
  await open(page, ingest);
  ingest.pages['/api/data.json'] = '{"answer":42}';
  ingest.pages['/api/secret.json'] = '{"answer":"marker-denied"}';
  await initWith(page, 'network', 'networkCapture', {
    detailUrls: ['/api/'],
    detailDenyUrls: ['secret'],
    ignoreUrls: ['/ignored'],
    headers: ['X-Shown', 'Authorization'],
  });
  const seen = await page.evaluate(async () => {
    const headers = { 'X-Shown': 'yes', Authorization: 'Bearer marker-token', 'X-Hidden': 'marker-header' };
    const answer = await fetch('/api/data.json', { method: 'post', body: 'question', headers });
    const text = await answer.text();
    await fetch('/api/secret.json');
    await fetch('/ignored').catch(() => {});
    await fetch('http://localhost:1/').catch(() => {});
    const xhr = new XMLHttpRequest();
    await new Promise((done) => {
      xhr.onloadend = done;
      xhr.open('GET', '/api/data.json');
      xhr.send();
    });
    return [text, xhr.responseText];
  });
  expect(seen).toEqual(['{"answer":42}', '{"answer":42}']);
  await page.waitForTimeout(100);
  await flush(page);
  const requests = ingest
    .stored()
    .filter((event) => event.data.plugin === 'rrweb/network@1')
    .flatMap((event) => event.data.payload.requests);
  expect(requests.map(({ name }: any) => name.replace(/^.*?\/\/[^/]*/, ''))).toEqual([
    '/api/data.json', '/api/secret.json', '/', '/api/data.json',
  ]);
  expect(requests[0]).toMatchObject({
    method: 'POST', status: 200, initiatorType: 'fetch', requestBody: 'question', responseBody: '{"answer":42}',
    requestHeaders: { 'x-shown': 'yes' }, requestBodySize: 8,
  });
  expect(requests[0].duration).toBeGreaterThan(0);
  expect(requests[2].error).toContain('TypeError');
  expect(requests[3]).toMatchObject({ initiatorType: 'xmlhttprequest', responseBody: '{"answer":42}', status: 200 });
  expect(JSON.stringify(requests)).not.toContain('marker-');
  expect(JSON.stringify(requests)).not.toContain('ingest');
});

test('vitals and long tasks', async ({ page, ingest }) => {
  await open(page, ingest, '<h1>a heading that is painted</h1>');
  await initWith(page, 'vitals', 'vitalsCapture');
  await page.evaluate(async () => {
    await new Promise((done) => setTimeout(done, 100));
    const end = performance.now() + 120;
    while (performance.now() < end);
    await new Promise((done) => setTimeout(done, 100));
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await flush(page);
  const custom = ingest.stored().filter((event) => event.type === 5).map((event) => event.data);
  const names = custom.filter(({ tag }) => tag === 'web-vital').map(({ payload }) => payload.name);
  expect(names).toEqual(expect.arrayContaining(['TTFB', 'FCP', 'LCP', 'CLS']));
  const task = custom.find(({ tag, payload }) => tag === 'long-task' && payload.duration_ms >= 100);
  expect(task).toBeTruthy();
});

test('canvas: a picture when it changed, none when not', async ({ page, ingest }) => {
  await open(page, ingest, '<canvas id=c width=40 height=30></canvas>');
  await initWith(page, 'canvas', 'canvasCapture', { framesPerSecond: 10 });
  const paint = (color: string) =>
    page.evaluate((color) => {
      const context = document.querySelector<HTMLCanvasElement>('#c')!.getContext('2d')!;
      context.fillStyle = color;
      context.fillRect(0, 0, 40, 30);
    }, color);
  await paint('red');
  await page.waitForTimeout(500);
  await paint('blue');
  await page.waitForTimeout(500);
  await flush(page);
  const frames = ingest.stored().filter((event) => event.data.source === 9);
  expect(frames.length).toBeGreaterThanOrEqual(2);
  expect(frames.length).toBeLessThanOrEqual(3);
  const base64 = frames.at(-1).data.commands[1].args[0].args[0].data[0].base64;
  const color = await page.evaluate(async (base64) => {
    const image = new Image();
    image.src = 'data:image/webp;base64,' + base64;
    await image.decode();
    const context = new OffscreenCanvas(40, 30).getContext('2d')!;
    context.drawImage(image, 0, 0);
    return [...context.getImageData(20, 15, 1, 1).data];
  }, base64);
  expect(color[2]).toBeGreaterThan(200);
  expect(color[0]).toBeLessThan(60);
});

test('fonts that scripts make, again after each snapshot, and nothing stays changed', async ({ page, ingest }) => {
  await open(page, ingest);
  const original = await page.evaluateHandle(() => window.FontFace);
  await initWith(page, 'fonts', 'fontCapture');
  await page.evaluate(() => {
    // A font of three bytes is none, but the page tried.
    const ofBytes = new FontFace('Bytes', new Uint8Array([1, 2, 3]), { weight: '700' });
    ofBytes.loaded.catch(() => {});
    document.fonts.add(ofBytes);
    document.fonts.add(new FontFace('Linked', 'url(/fonts/a.woff2)'));
    const large = new FontFace('Large', new Uint8Array(600_000));
    large.loaded.catch(() => {});
    document.fonts.add(large);
    new FontFace('Never added', 'url(/fonts/b.woff2)');
  });
  await flush(page);
  const fonts = () => ingest.stored().filter(({ type, data }) => type === 3 && data.source === 10).map(({ data }) => data);
  expect(fonts()).toEqual([
    { source: 10, family: 'Bytes', fontSource: '[1,2,3]', buffer: true, descriptors: { weight: '700' } },
    { source: 10, family: 'Linked', fontSource: `url(${ingest.url}/fonts/a.woff2)`, buffer: false },
  ]);
  // Back from the cache of pages: a new snapshot, which has no fonts by itself.
  await page.evaluate(() => window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })));
  await page.waitForTimeout(100);
  await flush(page);
  const times = ingest.stored().filter(({ type, data }) => type === 2 || data.source === 10).map(({ type }) => type);
  expect(times.slice(times.lastIndexOf(2))).toEqual([2, 3, 3]);
  await page.evaluate(() => window.reenact.shutdown());
  expect(await page.evaluate((original) => window.FontFace === original && !Object.hasOwn(document.fonts, 'add'), original)).toBe(true);
});
