import { add, BODY, expect, flush, init, open, test } from './support/sdk-page';

test('a visit reaches the server, in gzip, with its ids and numbers', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await add(page, 'marker-later');
  await flush(page);
  const types = ingest.stored().map((event) => event.type);
  expect(types.slice(0, 2)).toEqual([4, 2]);
  expect(ingest.has('marker-start')).toBe(true);
  expect(ingest.has('marker-later')).toBe(true);
  const [first] = ingest.uploads;
  expect(first!.headers['content-encoding']).toBe('gzip');
  expect(first!.headers.authorization).toBe('Bearer key-of-the-project');
  expect(Object.fromEntries(first!.query)).toMatchObject({ device_id: 'device-1', session_id: 'session-1', library: '@reenact/browser/0.1.0' });
});

test('the snapshot is sent at once, the rest in batches', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await expect.poll(() => ingest.has('marker-start'), { timeout: 2_000 }).toBe(true);
  const count = ingest.uploads.length;
  for (let n = 0; n < 5; n++) {
    await add(page, `tick ${n}`);
    await page.waitForTimeout(30);
  }
  expect(ingest.uploads.length).toBe(count);
});

test('a large snapshot is sent at once, too', async ({ page, ingest }) => {
  // Longer than what is handed over at once.
  await open(page, ingest, '<p>some words of a page</p>'.repeat(2_000) + '<p>marker-start</p>');
  // A visitor whose batches never come due.
  await page.clock.install();
  await page.clock.pauseAt(Date.now() + 60_000);
  await init(page, { useWebWorker: false });
  await page.clock.runFor(1_000);
  await expect.poll(() => ingest.has('marker-start')).toBe(true);
});

test('a page that is left keeps nothing back', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await page.evaluate(() => {
    document.body.append('marker-last-moment');
    // No frame passes any more before the page is gone.
    setTimeout(() => location.assign('about:blank'));
  });
  await expect.poll(() => ingest.has('marker-last-moment')).toBe(true);
  expect(ingest.has('marker-start')).toBe(true);
});

test('far more than a beacon holds as JSON goes at the end of a page', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { useWebWorker: false, storeType: 'memory' });
  await flush(page);
  await page.evaluate(async () => {
    for (let step = 0; step < 20; step++) {
      for (let n = 0; n < 20; n++) {
        const row = document.createElement('p');
        row.append(`marker-${step}-${n}. ` + 'words of a page '.repeat(25));
        document.body.append(row);
      }
      await new Promise(requestAnimationFrame);
    }
    setTimeout(() => location.assign('about:blank'));
  });
  await expect.poll(() => ingest.has('marker-19-19.')).toBe(true);
  for (let step = 0; step < 20; step++) expect(ingest.has(`marker-${step}-0.`)).toBe(true);
});

for (const [name, options] of Object.entries({
  'without a worker': { useWebWorker: false },
  'without a database': { storeType: 'memory' as const },
  'without idle time': { performanceConfig: { enabled: false } },
  'with its own worker file': { workerUrl: '/dist/outbox-worker.js' },
})) {
  test(`works ${name}`, async ({ page, ingest }) => {
    await open(page, ingest);
    const workers: string[] = [];
    page.on('worker', (worker) => workers.push(worker.url()));
    await init(page, options);
    await add(page, 'marker-option');
    await flush(page);
    expect(ingest.has('marker-option')).toBe(true);
    const kind = 'workerUrl' in options ? /outbox-worker/ : /^blob:/;
    expect(workers.filter((url) => kind.test(url)).length).toBe('useWebWorker' in options ? 0 : 1);
    const names = await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name));
    expect(names).toEqual('storeType' in options ? [] : ['reenact-key-of-the']);
  });
}

test('performanceConfig.timeout is how long sending waits for idle time', async ({ page, ingest }) => {
  await open(page, ingest);
  await page.evaluate(() => {
    const idle = window.requestIdleCallback.bind(window);
    const timeouts: unknown[] = [];
    Object.assign(window, { timeouts });
    window.requestIdleCallback = (callback, options) => {
      timeouts.push(options?.timeout);
      return idle(callback, options);
    };
  });
  await init(page, { performanceConfig: { timeout: 321 } });
  await add(page, 'marker-idle');
  await expect.poll(() => page.evaluate(() => Reflect.get(window, 'timeouts'))).toContain(321);
  await flush(page);
  expect(ingest.has('marker-idle')).toBe(true);
});

test('a strict policy: falls back to the page, or takes the worker file', async ({ page, ingest }) => {
  ingest.policy = "default-src 'self'; worker-src 'none'";
  await open(page, ingest);
  await init(page);
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);

  ingest.reset();
  ingest.policy = "default-src 'self'";
  await open(page, ingest);
  await init(page, { workerUrl: '/dist/outbox-worker.js' });
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  expect(page.workers().length).toBe(1);
});

test('tries again as often as it may', async ({ page, ingest }) => {
  ingest.answers = [503, 500, 429];
  await open(page, ingest);
  await init(page);
  await expect.poll(() => ingest.has('marker-start'), { timeout: 15_000 }).toBe(true);
  expect(ingest.uploads.slice(0, 4).map(({ status }) => status)).toEqual([503, 500, 429, 200]);
  // The very same events, so that the server can tell.
  expect(ingest.uploads[3]!.events).toEqual(ingest.uploads[0]!.events);
});

test('flushMaxRetries limits the tries; the next visit sends what is left', async ({ page, ingest }) => {
  ingest.answers = Array(50).fill(503);
  await open(page, ingest);
  await init(page, { flushMaxRetries: 1 });
  await expect.poll(() => ingest.uploads.length).toBe(2);
  await page.waitForTimeout(1_500);
  expect(ingest.uploads.length).toBe(2);
  await add(page, 'marker-offline');
  await page.waitForTimeout(900);

  await page.goto('about:blank');
  ingest.answers = [];
  ingest.uploads = [];
  await open(page, ingest, '<p>marker-second-visit</p>');
  await init(page, { sessionId: 'session-2' });
  await expect.poll(() => ingest.has('marker-offline')).toBe(true);
  const left = ingest.uploads.find(({ events }) => JSON.stringify(events).includes('marker-offline'))!;
  expect(left.query.get('session_id')).toBe('session-1');
  await flush(page);
  await expect.poll(() => page.evaluate(countStored)).toBe(0);
});

const countStored = () =>
  new Promise<number>((done) => {
    const request = indexedDB.open('reenact-key-of-the');
    request.onsuccess = () => {
      const count = request.result.transaction('chunks').objectStore('chunks').count();
      count.onsuccess = () => {
        request.result.close();
        done(count.result);
      };
    };
  });

test('nothing stays behind after upload', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await add(page, 'more');
  await flush(page);
  await expect.poll(() => page.evaluate(countStored)).toBe(0);
});

test('a crash loses at most the last half second', async ({ context, ingest }) => {
  const first = await context.newPage();
  ingest.answers = Array(20).fill(503);
  await open(first, ingest);
  await init(first);
  await add(first, 'marker-before-crash');
  await first.waitForTimeout(1_200);
  const previous = await first.evaluate(() => sessionStorage.getItem('reenact_page'));
  await first.goto('chrome://crash').catch(() => {});
  await first.close();

  ingest.answers = [];
  ingest.uploads = [];
  const second = await context.newPage();
  await open(second, ingest);
  // The same tab, after a reload.
  await second.evaluate((previous) => sessionStorage.setItem('reenact_page', previous!), previous);
  await second.reload();
  await init(second, { sessionId: 'session-2' });
  await expect.poll(() => ingest.stored('session-1').length).toBeGreaterThan(2);
  expect(JSON.stringify(ingest.stored('session-1'))).toContain('marker-before-crash');
});

test('too large for the server: halved until it fits', async ({ page, ingest }) => {
  await open(page, ingest);
  ingest.answers = [503, 503];
  await init(page);
  await page.evaluate(async () => {
    for (let n = 0; n < 6; n++) {
      document.body.append(`marker-${n} ` + 'x'.repeat(70_000));
      await new Promise((done) => requestAnimationFrame(done));
    }
  });
  ingest.answers.push(413);
  await flush(page);
  await expect.poll(() => [0, 1, 2, 3, 4, 5].every((n) => ingest.has(`marker-${n} `)), { timeout: 15_000 }).toBe(true);
  expect(ingest.uploads.some(({ status }) => status === 413)).toBe(true);
});

test('every marker of a 12 MB page arrives, in events of bounded length', async ({ page, ingest }) => {
  await open(page, ingest, `${BODY}<div id=big></div>`);
  await page.evaluate(() => {
    const big = document.querySelector('#big')!;
    for (let n = 0; n < 240; n++) {
      const row = document.createElement('p');
      row.append(`marker-big-${n}. ` + String.fromCharCode(97 + (n % 26)).repeat(50_000));
      big.append(row);
    }
  });
  await init(page);
  await expect
    .poll(() => new Set(JSON.stringify(ingest.stored()).match(/marker-big-\d+\./g)).size, { timeout: 20_000 })
    .toBe(240);
  const longest = Math.max(...ingest.stored().map((event) => JSON.stringify(event).length));
  expect(longest).toBeLessThan(2_000_000);
});

test('402 and 403 end the recording', async ({ page, ingest }) => {
  ingest.answers = [402];
  await open(page, ingest);
  await init(page);
  await expect.poll(() => page.evaluate(() => window.reenact.getReplayId())).toBeNull();
  await add(page, 'marker-after-quota');
  await flush(page);
  expect(ingest.has('marker-after-quota')).toBe(false);
});

test('events travel in columns, by the worker and by beacon: the server stores both as one', async ({ page, ingest }) => {
  await open(page, ingest, Array.from({ length: 300 }, (_, n) => `<p class="card"><a href="/item/${n}">item ${n}</a></p>`).join(''));
  await init(page);
  await add(page, 'marker-later');
  await flush(page);
  expect(ingest.uploads.map(({ isInColumns }) => isInColumns)).not.toContain(false);
  const text = JSON.stringify(ingest.stored());
  expect(text).toContain('item 299');
  const sent_bytes = ingest.uploads.reduce((sum, upload) => sum + upload.wire_bytes, 0);
  expect(sent_bytes).toBeLessThan(text.length / 30);
  // The same chunk, once by the worker and once by beacon, is the same text.
  await page.evaluate(() => {
    document.body.append('marker-twice');
    window.dispatchEvent(new Event('pagehide'));
  });
  await expect.poll(() => ingest.uploads.filter((upload) => JSON.stringify(upload.events).includes('marker-twice')).length).toBe(2);
  expect(ingest.stored().filter((event) => JSON.stringify(event).includes('marker-twice'))).toHaveLength(1);
});

test('a server of before gets its events as they are, once it has refused columns', async ({ page, ingest }) => {
  ingest.isOld = true;
  await open(page, ingest);
  await init(page);
  await flush(page);
  await add(page, 'marker-later');
  await flush(page);
  expect(ingest.uploads.map(({ isInColumns }) => isInColumns).slice(0, 3)).toEqual([true, false, false]);
  expect(ingest.has('marker-start')).toBe(true);
  expect(ingest.has('marker-later')).toBe(true);
});
