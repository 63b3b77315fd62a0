// What each option does, and that nothing happens without it.
import { add, expect, flush, init, open, test } from './support/sdk-page';

const flag = (segments: object[]) => ({
  configs: { sessionReplay: { sr_targeting_config: { key: 'sr_targeting_config', segments } } },
});
const condition = (selector: string, op: string, ...values: string[]) => ({
  conditions: [[{ selector: ['context', ...selector.split('/')], op, values }]],
  variant: 'on',
});
const replayId = (page: any) => page.evaluate(() => window.reenact.getReplayId());

test('a visit of two seconds on a slow line loses nothing', async ({ page, ingest }) => {
  await open(page, ingest);
  ingest.latency_ms = 250;
  // Nobody waits for the promise: the page goes on.
  void init(page).catch(() => {});
  await page.waitForTimeout(1_000);
  await page.click('#b');
  await add(page, 'marker-late');
  await page.waitForTimeout(800);
  ingest.latency_ms = 0;
  await page.goto('about:blank');
  await expect.poll(() => ingest.has('marker-late')).toBe(true);
  expect(ingest.has('marker-start')).toBe(true);
  const clicks = ingest.stored().filter(({ data }) => data.source === 2 && data.type === 2);
  expect(clicks).toHaveLength(1);
});

test('who is not recorded does not load the recorder', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { sampleRate: 0 });
  expect(ingest.paths.filter((path) => path.startsWith('/dist/'))).toEqual(['/dist/reenact.js']);
  await page.evaluate(() => window.reenact.start());
  await flush(page);
  expect(ingest.paths).toContain('/dist/recorder.js');
  expect(ingest.has('marker-start')).toBe(true);
});

test('a recorder that does not load leaves the page alone', async ({ page, ingest }) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.route('**/recorder.js', (route) => route.abort());
  await open(page, ingest);
  await init(page, { logLevel: 0 });
  expect(await replayId(page)).toBeNull();
  expect(ingest.uploads).toEqual([]);
  expect(errors).toEqual([]);
});

test('what is sent is numbered without a gap, anew in each session, and names its tab', async ({ page, ingest, context }) => {
  await open(page, ingest);
  await init(page);
  for (const text of ['one', 'two']) {
    await add(page, text);
    await flush(page);
  }
  await page.evaluate(() => window.reenact.setSessionId('session-2').promise);
  await add(page, 'three');
  await flush(page);
  for (const session of ['session-1', 'session-2']) {
    const numbers = ingest.marks(session).map(({ number }) => number);
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(new Set(ingest.marks(session).map(({ page }) => page)).size).toBe(1);
  }
  expect(ingest.marks('session-1')[0].page).not.toBe(ingest.marks('session-2')[0].page);
  await page.reload();
  await init(page);
  await flush(page);
  const tabs = () => new Set(ingest.stored().map(({ tab }) => tab));
  expect(tabs().size).toBe(1);
  // A window that the page opens gets a copy of its storage.
  const [other] = await Promise.all([context.waitForEvent('page'), page.evaluate(() => void window.open('/'))]);
  await other.waitForLoadState();
  await init(other);
  await flush(other);
  expect(tabs().size).toBe(2);
});

test('targeting by address', async ({ page, ingest }) => {
  ingest.config.body = flag([condition('page/url', 'contains', '/checkout')]);
  await open(page, ingest);
  await init(page);
  expect(await replayId(page)).toBeNull();
  await page.evaluate(() => history.pushState(null, '', '/checkout/1'));
  await expect.poll(() => replayId(page)).toBe('device-1/session-1');
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  // The rest of the session is recorded.
  await open(page, ingest);
  await init(page);
  expect(await replayId(page)).toBe('device-1/session-1');
  await init(page, { sessionId: 'session-2' });
  expect(await replayId(page)).toBeNull();
});

test('targeting by event, event property and user property', async ({ page, ingest }) => {
  ingest.config.body = flag([
    condition('event/event_type', 'is', 'Order Failed'),
    condition('event/event_properties/total', 'greater', '100'),
    condition('user/plan', 'is', 'pro'),
  ]);
  const cases: [() => void, boolean][] = [
    [() => window.reenact.track('Order Placed', { total: 99 }), false],
    [() => window.reenact.track('Order Placed', { total: 101 }), true],
    [() => window.reenact.track('Order Failed'), true],
    [() => window.reenact.identify('u', { plan: 'free' }), false],
    [() => window.reenact.identify('u', { plan: 'pro' }), true],
  ];
  for (const [index, [act, isRecorded]] of cases.entries()) {
    await open(page, ingest);
    await init(page, { sessionId: `session-${index}` });
    await page.evaluate(act);
    await page.waitForTimeout(100);
    expect((await replayId(page)) !== null, `case ${index}`).toBe(isRecorded);
  }
});

test('modules by name, and those that the project wants', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { modules: [['console', { levels: ['info'] }], 'vitals'] });
  await expect.poll(() => ingest.paths.filter((path) => path.includes('/modules/')).sort()).toEqual([
    '/dist/modules/console.js',
    '/dist/modules/vitals.js',
  ]);
  await page.waitForTimeout(50);
  await page.evaluate(() => console.info('marker-info'));
  await flush(page);
  expect(ingest.has('marker-info')).toBe(true);

  ingest.config.body = {
    configs: { sessionReplay: { sr_logging_config: { console: { enabled: true, levels: ['warn'] }, network: { enabled: true } } } },
  };
  await open(page, ingest);
  await init(page, { sessionId: 'session-2' });
  // A module that was asked for works a moment later.
  const isRecorded = async () => {
    await page.evaluate(async () => {
      console.info('marker-not-listed');
      console.warn('marker-warned');
      await fetch('/marker-request');
    });
    await flush(page);
    return ingest.has('marker-warned') && ingest.has('marker-request');
  };
  await expect.poll(isRecorded).toBe(true);
  expect(ingest.has('marker-not-listed')).toBe(false);
});

test('zones, a hook that edits and drops, and replays too short to keep', async ({ page, ingest }) => {
  await open(page, ingest);
  await page.evaluate(
    () =>
      window.reenact.init('key-of-the-project', {
        serverUrl: { US: 'http://us.invalid', EU: location.origin },
        serverZone: 'EU',
        deviceId: 'device-1',
        sessionId: 'session-1',
        sampleRate: 1,
        minReplayDurationMs: 1_500,
        beforeAddRecordingEvent: (event) => {
          if (event.data.tag === 'user') return null;
          if (event.data.tag === 'breadcrumb') event.data.payload.message = 'marker-edited';
          return event;
        },
      }).promise,
  );
  await flush(page);
  expect(ingest.uploads).toEqual([]);
  await page.waitForTimeout(1_600);
  await page.evaluate(() => {
    window.reenact.setUser({ id: 'marker-user' });
    window.reenact.addBreadcrumb({ message: 'marker-plain' });
  });
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  expect(ingest.has('marker-edited')).toBe(true);
  expect(ingest.has('marker-plain')).toBe(false);
  expect(ingest.has('marker-user')).toBe(false);
});

const SHOP = `<title>The shop</title><main><button id=buy class="big red" data-amp-track-kind=order>Buy <b>now</b></button>
  <p class=amp-mask><a id=who href="/users/7?secret=1">marker-private</a></p>
  <form id=f name=login action="/login?x=1"><input id=mail value=""><button>Send</button></form>
  <a id=file href="/price-list.pdf">Prices</a></main>
  <script>addEventListener('submit', (event) => event.preventDefault());
  addEventListener('click', (event) => { if (event.target.closest('a')) event.preventDefault(); });</script>`;

test('autocapture: what visitors do, never what they write', async ({ page, ingest }) => {
  await open(page, ingest, SHOP);
  await init(page, { autocapture: true, sessionId: 1_700_000_000_000 });
  await expect.poll(() => ingest.paths).toContain('/dist/modules/autocapture.js');
  await page.waitForTimeout(50);
  await page.click('#buy b');
  await page.click('#who');
  await page.fill('#mail', 'marker-typed');
  await page.press('#mail', 'Enter');
  await page.click('#file');
  await page.evaluate(() => history.pushState(null, '', '/next?q=1'));
  await page.waitForTimeout(1_000);
  await page.evaluate(() => {
    for (let click = 0; click < 5; click++) document.querySelector<HTMLElement>('#buy')!.click();
  });
  const of = (name: string) => ingest.analytics.filter(({ event_type }) => event_type === '[Amplitude] ' + name);
  await expect.poll(() => of('Rage Click').length, { timeout: 8_000 }).toBe(1);
  const property = (event: any, name: string) => event.event_properties['[Amplitude] ' + name];
  expect(of('Page Viewed').map((event) => property(event, 'Page Path'))).toEqual(['/', '/next']);
  const [buy, who] = of('Element Clicked');
  expect(property(buy, 'Element Text')).toBe('Buy now');
  expect(property(buy, 'Element Class')).toBe('big red');
  expect(property(buy, 'Element Attributes')).toEqual({ kind: 'order' });
  expect(property(buy, 'Element Hierarchy')[0]).toMatchObject({ tag: 'button', id: 'buy' });
  expect(property(buy, 'Session Replay ID')).toBe('device-1/1700000000000');
  expect(property(who, 'Element Text')).toBe('**************');
  expect(property(of('Element Changed')[0], 'Element ID')).toBe('mail');
  expect(property(of('Form Started')[0], 'Form Name')).toBe('login');
  expect(property(of('Form Submitted')[0], 'Form Destination')).toBe('/login');
  expect(property(of('File Downloaded')[0], 'File Extension')).toBe('pdf');
  expect(property(of('Rage Click')[0], 'Click Count')).toBe(5);
  const wire = JSON.stringify(ingest.analytics);
  for (const secret of ['marker-typed', 'marker-private']) expect(wire).not.toContain(secret);
});

test('autocapture parts can be left out, and pages', async ({ page, ingest }) => {
  await open(page, ingest, SHOP);
  await init(page, { sampleRate: 0, autocapture: { sessions: false, pageViews: false, pageUrlExcludelist: ['/secret'] } });
  await expect.poll(() => ingest.paths).toContain('/dist/modules/autocapture.js');
  await page.waitForTimeout(50);
  await page.click('#buy');
  await page.evaluate(() => history.pushState(null, '', '/secret'));
  await page.click('#buy');
  await expect.poll(() => ingest.analytics.map(({ event_type }) => event_type)).toEqual(['[Amplitude] Element Clicked']);
  // Without a recording nobody knows what may be shown.
  expect(ingest.analytics[0].event_properties['[Amplitude] Element Text']).toBeUndefined();
  expect(ingest.uploads).toEqual([]);
});

test('autocapture tells a session once when it begins, and its end when the next one does', async ({ page, ingest }) => {
  const visit = async (sessionId: number) => {
    await open(page, ingest, '<button id=b>press</button>');
    const before = ingest.paths.length;
    await init(page, { sampleRate: 0, sessionId, autocapture: { pageViews: false } });
    await expect.poll(() => ingest.paths.slice(before)).toContain('/dist/modules/autocapture.js');
    await page.waitForTimeout(50);
    await page.click('#b');
  };
  await visit(1_700_000_000_000);
  await visit(1_700_000_000_000);
  await visit(1_700_000_900_000);
  const ofSessions = () => ingest.analytics.filter(({ event_type }) => event_type.startsWith('session_'));
  await expect.poll(() => ofSessions().length).toBe(3);
  const [start, end, next] = [...ofSessions()].sort((a, b) => a.session_id - b.session_id || a.event_type.localeCompare(b.event_type) * -1);
  expect([start.event_type, start.session_id]).toEqual(['session_start', 1_700_000_000_000]);
  expect([end.event_type, end.session_id]).toEqual(['session_end', 1_700_000_000_000]);
  expect([next.event_type, next.session_id]).toEqual(['session_start', 1_700_000_900_000]);
  // It ended when something was done last, not when that became known.
  expect(end.time).toBeLessThan(next.time);
  expect(end.event_properties).toEqual({});
});

test('heatmap events: clicks with places, scroll depth at the end; the project can say no', async ({ page, ingest }) => {
  const interactionConfig = { enabled: true, batch: true, trackEveryNms: 300 };
  const body = '<p style="height:3000px"><button id=b>press</button></p>';
  await open(page, ingest, body);
  await init(page, { sampleRate: 0, interactionConfig });
  await expect.poll(() => ingest.paths).toContain('/dist/modules/interactions.js');
  await page.waitForTimeout(50);
  await page.evaluate(() => {
    for (let click = 0; click < 2; click++) document.querySelector<HTMLElement>('#b')!.click();
  });
  await expect.poll(() => ingest.interactions.length).toBe(1);
  const [{ query, events }] = ingest.interactions as any;
  expect(Object.fromEntries(query)).toMatchObject({ device_id: 'device-1', session_id: 'session-1', type: 'interaction' });
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({ type: 'click', count: 2, selector: '#b', viewportWidth: 1000 });
  expect(events[0].timestamp % 3_600_000).toBe(0);
  await page.evaluate(() => window.scrollTo(0, 900));
  await page.waitForTimeout(100);
  await page.goto('about:blank');
  await expect.poll(() => ingest.interactions.length).toBe(2);
  expect(ingest.interactions[1]!.events[0]).toMatchObject({ type: 'scroll', maxScrollY: 900, maxScrollHeight: 1600 });

  ingest.config.body = { configs: { sessionReplay: { sr_interaction_config: { enabled: false } } } };
  await open(page, ingest, body);
  await init(page, { interactionConfig });
  await flush(page);
  expect(ingest.paths.filter((path) => path.endsWith('interactions.js'))).toHaveLength(1);
});

test('initAll: recording and events in one', async ({ page, ingest }) => {
  await open(page, ingest, SHOP);
  await page.evaluate(
    () =>
      window.reenact.initAll('key-of-the-project', {
        serverUrl: location.origin,
        analytics: { deviceId: 'device-1', autocapture: { pageViews: true } },
        sessionReplay: { sampleRate: 1 },
      }).promise,
  );
  await expect.poll(() => ingest.analytics.length).toBeGreaterThan(0);
  await flush(page);
  expect(ingest.has('marker-private')).toBe(false);
  expect(ingest.has('Buy ')).toBe(true);
  const id = await replayId(page);
  await page.evaluate(() => window.reenact.track('After'));
  await expect.poll(() => ingest.analytics.find(({ event_type }) => event_type === 'After')?.event_properties).toEqual({
    '[Amplitude] Session Replay ID': id,
  });
});

test('crossOriginIframes: the page coordinates, the frame obeys', async ({ page, ingest, context }) => {
  await context.route('http://child.test/**', async (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname !== '/') return route.fulfill({ response: await context.request.get(ingest.url + pathname) });
    const options = { serverUrl: ingest.url, crossOriginIframes: { enabled: true, origins: [ingest.url] } };
    const script = `reenact.init('key', ${JSON.stringify(options)})`;
    return route.fulfill({ contentType: 'text/html', body: `<script src=/dist/reenact.js></script><p>marker-child</p><script>${script}</script>` });
  });
  await open(page, ingest, '<iframe src="http://child.test/"></iframe>');
  await page.waitForTimeout(300);
  expect(ingest.configRequests).toBe(0);
  await init(page, { crossOriginIframes: { enabled: true, coordinateChildren: true, origins: ['http://child.test'] } });
  await page.waitForTimeout(600);
  await flush(page);
  // The frame came first and found nobody; a page that comes later asks.
  expect(ingest.has('marker-child')).toBe(true);
  expect(new Set(ingest.uploads.map(({ query }) => query.get('device_id')))).toEqual(new Set(['device-1']));
});

for (const sampleRate of [0, 1]) {
  test(`rules for addresses hold for everything that is sent, sample rate ${sampleRate}`, async ({ page, ingest }) => {
    const path = '/user/secret-7?token=secret-token';
    ingest.pages['/user/secret-7'] = '<!doctype html><script src=/dist/reenact.js></script><button id=b>press</button>';
    await page.goto(ingest.url + path);
    await init(page, {
      sampleRate,
      autocapture: true,
      interactionConfig: { enabled: true, trackEveryNms: 200, ugcFilterRules: [{ selector: `${ingest.url}/user/*`, replacement: `${ingest.url}/user/any` }] },
      modules: ['network', 'errors'],
    });
    await page.waitForTimeout(300);
    await page.click('#b');
    await page.evaluate(async () => {
      await fetch('/user/secret-8');
      history.pushState(null, '', '/user/secret-9#secret-hash');
      document.body.append(Object.assign(new Image(), { src: '/user/secret-10.png' }));
    });
    await page.waitForTimeout(1_200);
    await flush(page);
    await page.goto('about:blank');
    await expect.poll(() => ingest.interactions.length).toBeGreaterThan(1);
    expect(ingest.analytics.map(({ event_type }) => event_type)).toContain('[Amplitude] Page Viewed');
    const sent = [ingest.uploads.map(({ query, events }) => [String(query), events]), ingest.analytics];
    const wire = JSON.stringify([sent, ingest.interactions.map(({ query, events }) => [String(query), events])]);
    // The picture's address is content of the page, as in any recording.
    expect([...new Set(wire.match(/secret-[\w-]*/g))]).toEqual(sampleRate ? ['secret-10'] : []);
    expect(wire.includes('/user/any')).toBe(sampleRate === 1);
  });
}

test('each kind of request has an address of its own, for proxies', async ({ page, ingest }) => {
  const proxied: string[] = [];
  for (const [from, to] of [
    ['/p/settings/key-of-the-project', '/config/key-of-the-project'],
    ['/p/record', '/api/v1/ingest/rrweb'],
    ['/p/events', '/2/httpapi'],
  ] as const) {
    await page.route((url) => url.pathname === from, (route) => {
      proxied.push(from);
      const { search } = new URL(route.request().url());
      return route.continue({ url: ingest.url + to + search });
    });
  }
  await open(page, ingest);
  await init(page, {
    serverUrl: 'http://nowhere.test',
    configServerUrl: ingest.url + '/p/settings',
    trackServerUrl: ingest.url + '/p/record',
    eventsServerUrl: ingest.url + '/p/events',
    // Requests of workers pass by the routes of a page.
    useWebWorker: false,
  });
  await page.evaluate(() => window.reenact.track('Bought'));
  await flush(page);
  await expect.poll(() => ingest.analytics.length).toBe(1);
  expect(ingest.has('marker-start')).toBe(true);
  expect([...new Set(proxied)].sort()).toEqual(['/p/events', '/p/record', '/p/settings/key-of-the-project']);
});

test('useWebWorker decides where events are packed', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { useWebWorker: false });
  await flush(page);
  expect(page.workers()).toHaveLength(0);
  expect(ingest.uploads.every(({ isInColumns }) => !isInColumns)).toBe(true);
  await page.evaluate(() => window.reenact.shutdown());
  await init(page);
  await expect.poll(() => page.workers().length).toBe(1);
});

test('startBuffering keeps what happens until flush, whatever the sample rate says', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page, { sampleRate: 0 });
  await page.evaluate(() => window.reenact.startBuffering());
  await add(page, 'marker-buffered');
  await page.waitForTimeout(800);
  expect(ingest.uploads).toHaveLength(0);
  expect(await replayId(page)).toBeNull();
  await flush(page);
  expect(ingest.has('marker-start')).toBe(true);
  expect(ingest.has('marker-buffered')).toBe(true);
  expect(await replayId(page)).toBe('device-1/session-1');
});

test('logLevel decides what is said to the page\'s logger', async ({ page, ingest }) => {
  await open(page, ingest);
  const said = (logLevel: number) =>
    page.evaluate(async (level) => {
      const words: unknown[] = [];
      const note = (...all: unknown[]) => void words.push(...all);
      await window.reenact.init('key-of-the-project', {
        serverUrl: location.origin,
        deviceId: 'd',
        sessionId: 's',
        sampleRate: 1,
        logLevel: level,
        privacyConfig: { maskSelector: '..broken' },
        loggerProvider: { error: note, warn: note, log: note, debug: note },
      } as never).promise;
      await window.reenact.shutdown();
      return words.join(' ');
    }, logLevel);
  expect(await said(0)).toBe('');
  expect(await said(2)).toContain('invalid selector');
});

test('flush sends at once what would wait', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await flush(page);
  await add(page, 'marker-flushed');
  expect(ingest.has('marker-flushed')).toBe(false);
  await page.evaluate(() => window.reenact.flush());
  expect(ingest.has('marker-flushed')).toBe(true);
});

test('stop without flush answers at once; what was recorded is sent later', async ({ page, ingest }) => {
  await open(page, ingest);
  await init(page);
  await flush(page);
  ingest.latency_ms = 1_000;
  await add(page, 'marker-stopped');
  await page.evaluate(() => window.reenact.stop({ flush: false }));
  expect(ingest.has('marker-stopped')).toBe(false);
  await expect.poll(() => ingest.has('marker-stopped')).toBe(true);
});
