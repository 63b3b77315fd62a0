import { add, expect, flush, init, open, test } from './support/sdk-page';

const id = '[Amplitude] Session Replay ID';
const properties = (page: import('@playwright/test').Page) =>
  page.evaluate(() => window.reenact.getSessionReplayProperties());

test('nothing is recorded unless a rate is set', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { sampleRate: undefined });
  expect(await properties(page)).toEqual({});
  await flush(page);
  expect(ingest.uploads).toEqual([]);
  // By hand it is.
  await page.evaluate(() => window.reenact.start());
  expect(await properties(page)).toEqual({ [id]: 'device-1/session-1' });
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
});

test('the sample is taken by session id', async ({ page, ingest }) => {
  await open(page, ingest);
  const sampled: string[] = [];
  for (let n = 0; n < 20; n++) {
    await init(page, { sampleRate: 0.5, sessionId: `s${n}`, storeType: 'memory' });
    if ((await properties(page))[id]) sampled.push(`s${n}`);
  }
  expect(sampled.length).toBeGreaterThan(4);
  expect(sampled.length).toBeLessThan(16);
  await init(page, { sampleRate: 0.5, sessionId: sampled[0], storeType: 'memory' });
  expect(await properties(page)).toEqual({ [id]: `device-1/${sampled[0]}` });
});

test('a new session id starts a new replay with its own snapshot', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await page.evaluate(() => window.reenact.setSessionId('session-1').promise);
  await add(page, 'marker-first');
  await page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await window.reenact.setSessionId(1_700_000_000_000, 'device-2').promise;
  });
  await add(page, 'marker-second');
  await flush(page);
  expect(await properties(page)).toEqual({ [id]: 'device-2/1700000000000' });
  const first = JSON.stringify(ingest.stored('session-1'));
  const second = ingest.stored('1700000000000');
  expect(first).toContain('marker-first');
  expect(first).not.toContain('marker-second');
  expect(second.map((event) => event.type).slice(0, 2)).toEqual([4, 2]);
  expect(JSON.stringify(second)).toContain('marker-second');
});

test('shutdown, stop and init again', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await page.evaluate(() => window.reenact.shutdown());
  expect(await properties(page)).toEqual({});
  await add(page, 'marker-while-off');
  await page.waitForTimeout(200);
  await init(page, { sessionId: 'session-2' });
  await page.evaluate(() => window.reenact.stop());
  await add(page, 'marker-after-stop');
  await page.evaluate(() => window.reenact.start());
  await flush(page);
  expect(JSON.stringify(ingest.stored('session-1'))).not.toContain('marker-while-off');
  expect(ingest.stored('session-2').filter((event) => event.type === 2).length).toBe(2);
});

test('opt-out: nothing is recorded, nothing unsent is kept', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { optOut: true });
  expect(await properties(page)).toEqual({});
  await page.evaluate(() => window.reenact.start());
  await flush(page);
  expect(ingest.uploads).toEqual([]);

  ingest.answers = Array(50).fill(503);
  await init(page);
  await expect.poll(() => ingest.uploads.length).toBeGreaterThan(0);
  await page.evaluate(() => window.reenact.optOut());
  ingest.answers = [];
  await page.waitForTimeout(2_500);
  expect(ingest.stored()).toEqual([]);
  const left = await page.evaluate(
    () =>
      new Promise((done) => {
        const request = indexedDB.open('reenact-key-of-the');
        request.onsuccess = () => {
          const count = request.result.transaction('chunks').objectStore('chunks').count();
          count.onsuccess = () => done(count.result);
        };
      }),
  );
  expect(left).toBe(0);
  await page.evaluate(() => window.reenact.optIn());
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
});

test('consent: nothing before it, kept over pages, withdrawn', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { needsConsent: true });
  await page.evaluate(() => window.reenact.start());
  await flush(page);
  expect(ingest.uploads).toEqual([]);
  await page.evaluate(() => window.reenact.optIn());
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  await page.reload();
  await init(page, { needsConsent: true });
  expect(await properties(page)).not.toEqual({});
  await page.evaluate(() => window.reenact.optOut());
  await page.reload();
  await init(page, { needsConsent: true });
  expect(await properties(page)).toEqual({});
});

test('on error: the minute before it is sent, and what follows', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { sampleRate: 0, errorSampleRate: 1 });
  await add(page, 'marker-before-error');
  await page.waitForTimeout(800);
  expect(ingest.uploads).toEqual([]);
  expect(await page.evaluate(() => window.reenact.getReplayId())).toBeNull();
  await page.evaluate(() => void setTimeout(() => { throw new Error('planned'); }));
  await expect.poll(() => ingest.has('marker-before-error')).toBe(true);
  await add(page, 'marker-after-error');
  await flush(page);
  expect(ingest.has('marker-after-error')).toBe(true);
  expect(await page.evaluate(() => window.reenact.getReplayId())).toBe('device-1/session-1');
});

test('a buffer holds one to two minutes and starts with a snapshot', async ({ page, ingest }) => {
  await page.clock.install();
  await open(page, ingest);
  const ready = init(page, { sampleRate: 0, errorSampleRate: 1, useWebWorker: false, inactivityTimeoutMs: 0 });
  await page.clock.runFor(100);
  await ready;
  for (let minute = 0; minute < 4; minute++) {
    for (let n = 0; n < 6; n++) {
      await add(page, `minute-${minute}-${n} `);
      await page.clock.runFor(10_000);
    }
  }
  await page.evaluate(() => window.reenact.captureException(new Error('handled')));
  await page.clock.runFor(6_000);
  await expect.poll(() => ingest.stored().length, { timeout: 5_000 }).toBeGreaterThan(3);
  const stored = ingest.stored();
  expect(stored[0].type).toBe(4);
  const incremental = JSON.stringify(stored.filter((event) => event.type === 3));
  expect(incremental).not.toContain('minute-1-');
  expect(incremental).toContain('minute-3-');
  expect(ingest.has('handled')).toBe(true);
});

test('pauses when nobody clicks, goes on with a click', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { inactivityTimeoutMs: 1_500 });
  await page.mouse.move(50, 50);
  await page.waitForTimeout(2_800);
  await add(page, 'marker-while-away');
  await page.waitForTimeout(100);
  const snapshots = () => ingest.stored().filter((event) => event.type === 2).length;
  expect(snapshots()).toBe(1);
  expect(JSON.stringify(ingest.stored().filter((event) => event.type === 3))).not.toContain('marker-while-away');
  await page.click('#b');
  await flush(page);
  expect(snapshots()).toBe(2);
});

test('ends at the longest duration allowed', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { maxReplayDurationMs: 1_000 });
  await expect.poll(() => page.evaluate(() => window.reenact.getReplayId()), { timeout: 4_000 }).toBeNull();
});

test('ids of its own: the same over pages and tabs, new after half an hour', async ({ page, ingest, context }) => {
  await open(page, ingest);
  await init(page, { deviceId: undefined, sessionId: undefined });
  const first = await page.evaluate(() => window.reenact.getReplayId());
  const other = await context.newPage();
  await open(other, ingest);
  await init(other, { deviceId: undefined, sessionId: undefined });
  expect(await other.evaluate(() => window.reenact.getReplayId())).toBe(first);
  await other.evaluate(() => {
    const [id] = localStorage.getItem('reenact_session')!.split(' ');
    localStorage.setItem('reenact_session', `${id} ${Date.now() - 31 * 60_000}`);
  });
  await other.reload();
  await init(other, { deviceId: undefined, sessionId: undefined });
  const later = await other.evaluate(() => window.reenact.getReplayId());
  expect(later).not.toBe(first);
  expect(later!.split('/')[0]).toBe(first!.split('/')[0]);
});

test('settings from the server: rate, masking, off', async ({ page, ingest }) => {
  const settings = (sessionReplay: unknown) => (ingest.config = { status: 200, body: { configs: { sessionReplay } } });
  await open(page, ingest, '<p class=x>marker-masked-remotely</p><p>marker-clear</p>');
  settings({
    sr_sampling_config: { capture_enabled: true, sample_rate: 1 },
    sr_privacy_config: { maskSelector: ['.x'] },
  });
  await init(page, { sampleRate: 0, storeType: 'memory' });
  await flush(page);
  expect(ingest.has('marker-clear')).toBe(true);
  expect(ingest.has('marker-masked-remotely')).toBe(false);

  settings({ sr_sampling_config: { capture_enabled: false, sample_rate: 1 } });
  await init(page, { sessionId: 'session-2' });
  expect(await properties(page)).toEqual({});
  await init(page, { sessionId: 'session-3', enableRemoteConfig: false });
  expect(await properties(page)).not.toEqual({});
});

test('settings that cannot be read: nothing is recorded, but what was known holds', async ({ page, ingest }) => {
  await open(page, ingest);
  ingest.config.status = 503;
  await init(page, { logLevel: 0 });
  expect(await properties(page)).toEqual({});
  ingest.config.status = 200;
  await init(page, { sessionId: 'session-2' });
  expect(await properties(page)).not.toEqual({});
  ingest.config.status = 503;
  await init(page, { sessionId: 'session-3' });
  expect(await properties(page)).not.toEqual({});
  ingest.config.status = 404;
  await init(page, { sessionId: 'session-4', logLevel: 0 });
  expect(await properties(page)).toEqual({});
});

test('a replay shorter than the project wants is not sent', async ({ page, ingest }) => {
  ingest.config.body = {
    configs: { sessionReplay: { sr_sampling_config: { capture_enabled: true, min_session_duration_ms: 1_500 } } },
  };
  await open(page, ingest);
  await init(page);
  await flush(page);
  expect(ingest.uploads).toEqual([]);
  await page.waitForTimeout(1_600);
  await add(page, 'marker-long-enough');
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  expect(ingest.has('marker-long-enough')).toBe(true);
});

test('addresses are rewritten by rule; debug mode and logger', async ({ page, ingest }) => {
  await open(page, ingest, undefined, '/account/77');
  await page.evaluate(async () => {
    const words: unknown[] = [];
    const note = (...all: unknown[]) => void words.push(...all);
    (window as any).words = words;
    await window.reenact.init('key-of-the-project', {
      serverUrl: location.origin,
      deviceId: 'd',
      sessionId: 's',
      sampleRate: 1,
      debugMode: true,
      privacyConfig: { maskSelector: '..broken' },
      interactionConfig: { ugcFilterRules: [{ selector: '*/account/*', replacement: 'https://site.test/account/any' }] },
      loggerProvider: { error: note, warn: note, log: note, debug: note },
    }).promise;
  });
  await flush(page);
  expect(ingest.stored()[0].data.href).toBe('https://site.test/account/any');
  expect(JSON.stringify(ingest.stored())).not.toContain('account/77');
  expect(Object.keys(await properties(page))).toContain('[Amplitude] Session Replay Debug');
  expect(await page.evaluate(() => (window as any).words.join(' '))).toContain('invalid selector');
});

test('user, breadcrumbs and errors are in the recording', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await page.evaluate(() => {
    window.reenact.setUser({ id: 'user-7', email: 'u@site.test' });
    window.reenact.addBreadcrumb({ category: 'cart', message: 'added' });
    window.reenact.captureException(new TypeError('wrong'));
  });
  await flush(page);
  const custom = ingest.stored().filter((event) => event.type === 5);
  expect(custom.map((event) => event.data.tag)).toEqual(expect.arrayContaining(['user', 'breadcrumb', 'error']));
  expect(ingest.uploads.some(({ query }) => query.get('user_id') === 'user-7')).toBe(true);
});

test('several tabs of one session are told apart', async ({ page, ingest, context }) => {
  await open(page, ingest);
  await init(page);
  await flush(page);
  const other = await context.newPage();
  await open(other, ingest);
  await init(other);
  await flush(other);
  expect(new Set(ingest.stored().map(({ tab }) => tab)).size).toBe(2);
  expect(new Set(ingest.uploads.map(({ query }) => query.get('session_id')))).toEqual(new Set(['session-1']));
});

test('track and identify send events that lead to the replay', async ({ page, ingest }) => {
  const events: any[] = [];
  await page.route('**/2/httpapi', async (route) => {
    events.push(...route.request().postDataJSON().events);
    // The first answer does not arrive.
    await (events.length === 1 ? route.abort() : route.fulfill({ json: { code: 200 } }));
  });
  await open(page, ingest);
  await init(page, { sessionId: 1_700_000_000_000 });
  await page.evaluate(() => {
    window.reenact.track('Order Placed', { total: 7 });
    window.reenact.identify('user-9', { plan: 'pro' });
  });
  await expect.poll(() => events.length, { timeout: 9_000 }).toBe(3);
  expect(events[0]).toMatchObject({
    event_type: 'Order Placed',
    device_id: 'device-1',
    session_id: 1_700_000_000_000,
    event_properties: { total: 7, [id]: 'device-1/1700000000000' },
  });
  expect(events[1]).toMatchObject({ event_type: '$identify', user_id: 'user-9', user_properties: { $set: { plan: 'pro' } } });
  expect(events[2].insert_id).toBe(events[0].insert_id);
  await page.evaluate(() => {
    window.reenact.optOut();
    window.reenact.track('After');
  });
  await page.waitForTimeout(200);
  expect(events.length).toBe(3);
});

test('a window without focus pauses when the page wants that, and goes on with a new snapshot', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { pauseWhenUnfocused: true });
  const focus = (hasFocus: boolean) =>
    page.evaluate((hasFocus) => {
      document.hasFocus = () => hasFocus;
      window.dispatchEvent(new Event(hasFocus ? 'focus' : 'blur'));
    }, hasFocus);
  await focus(false);
  await add(page, 'marker-unfocused');
  await flush(page);
  expect(ingest.has('recording paused')).toBe(true);
  expect(ingest.has('marker-unfocused')).toBe(false);
  await focus(true);
  await expect.poll(() => page.evaluate(() => Boolean(window.reenact.getReplayId()))).toBe(true);
  await add(page, 'marker-focused');
  await flush(page);
  // The page as it is now; what happened meanwhile is not told change by change.
  expect(ingest.stored().filter(({ type }) => type === 2)).toHaveLength(2);
  expect(ingest.has('marker-focused')).toBe(true);
});

test('a blur into a frame of the page is no loss of focus, and without the option none matters', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { pauseWhenUnfocused: true });
  await page.evaluate(() => {
    document.hasFocus = () => true;
    window.dispatchEvent(new Event('blur'));
  });
  await add(page, 'marker-frame');
  await flush(page);
  expect(ingest.has('marker-frame')).toBe(true);
  await page.evaluate(() => window.reenact.shutdown());
  await init(page);
  await page.evaluate(() => {
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));
  });
  await add(page, 'marker-unfocused');
  await flush(page);
  expect(ingest.has('marker-unfocused')).toBe(true);
});

test('the share of sessions recorded from an error on is the project\'s to say', async ({ page, ingest }) => {
  ingest.config.body = {
    configs: { sessionReplay: { sr_sampling_config: { capture_enabled: true, sample_rate: 0, error_sample_rate: 1 } } },
  };
  await open(page, ingest);
  await init(page, { sampleRate: 1, errorSampleRate: 0 });
  await add(page, 'marker-before');
  await page.waitForTimeout(300);
  expect(ingest.uploads).toHaveLength(0);
  await page.evaluate(() => window.reenact.captureException(new Error('boom')));
  await flush(page);
  expect(ingest.has('marker-before')).toBe(true);
});
