import { expect, test } from './support/differential';
import { flush, init, open, test as sdkTest } from './support/sdk-page';

const PAGE = `<!doctype html><body style="margin:0"><button id=b style="position:absolute;left:100px;top:50px;width:80px;height:40px">press</button>
  <input id=i style="position:absolute;left:300px;top:50px"><p id=p style="position:absolute;top:200px">some words to select</p>
  <video id=v muted></video><div id=host style="position:absolute;left:500px;top:50px;width:50px;height:50px"></div></body>`;

test('pointer, clicks, focus, selection, media and viewport are written with their nodes', async ({ duel }) => {
  const { page } = duel;
  await duel.open(PAGE, {}, false);
  await page.evaluate(() => {
    document.querySelector('#host')!.attachShadow({ mode: 'open' }).innerHTML = '<button id=inner style="width:50px;height:50px"></button>';
    window.harness.start({}, false);
  });
  await page.mouse.move(10, 10);
  await page.mouse.move(140, 70, { steps: 6 });
  await page.mouse.click(140, 70);
  await page.mouse.click(140, 70, { button: 'right' });
  await page.mouse.dblclick(140, 70);
  await page.focus('#i');
  await page.mouse.click(525, 75);
  await page.evaluate(() => {
    const range = document.createRange();
    range.setStart(document.querySelector('#p')!.firstChild!, 5);
    range.setEnd(document.querySelector('#p')!.firstChild!, 10);
    getSelection()!.removeAllRanges();
    getSelection()!.addRange(range);
    document.querySelector('video')!.dispatchEvent(new Event('pause'));
    document.querySelector('video')!.volume = 0.5;
  });
  await page.setViewportSize({ width: 800, height: 600 });
  await page.waitForTimeout(800);
  const { events, errors } = await page.evaluate(() => ({
    events: window.harness.recordings.ours as any[],
    errors: window.harness.recordings.errors,
  }));
  expect(errors).toEqual([]);
  const ids = new Map<string, number>();
  const collect = (node: any) => {
    if (node.attributes?.id) ids.set(node.attributes.id, node.id);
    node.childNodes?.forEach(collect);
  };
  collect(events.find((event) => event.type === 2).data.node);
  const of = (source: number) => events.filter((event) => event.type === 3 && event.data.source === source).map((event) => event.data);

  const clicks = of(2);
  const onButton = clicks.filter(({ id }) => id === ids.get('b')).map(({ type }) => type);
  // Down, up, click; the right button adds its menu; twice more for the double click.
  for (const type of [0, 1, 2, 3, 4, 5]) expect(onButton, `interaction ${type}`).toContain(type);
  expect(clicks.find(({ type }) => type === 2)).toMatchObject({ x: 140, y: 70, pointerType: 0, id: ids.get('b') });
  expect(clicks.some(({ type, id }) => type === 5 && id === ids.get('i'))).toBe(true);
  expect(clicks.some(({ type, id }) => type === 2 && id === ids.get('inner'))).toBe(true);

  const moves = of(1).flatMap(({ positions }) => positions);
  expect(moves.length).toBeGreaterThan(0);
  for (const { id, timeOffset } of moves) {
    expect(id).toBeGreaterThan(0);
    expect(timeOffset).toBeLessThanOrEqual(0);
  }
  expect(of(14).at(-1).ranges).toEqual([expect.objectContaining({ startOffset: 5, endOffset: 10 })]);
  expect(of(4).at(-1)).toMatchObject({ width: 800, height: 600 });
  expect(of(7).some(({ type, id }) => type === 1 && id === ids.get('v'))).toBe(true);
  expect(of(7).at(-1)).toMatchObject({ type: 3, volume: 0.5 });
});

sdkTest('touch', async ({ browser, ingest }) => {
  const context = await browser.newContext({ hasTouch: true });
  const page = await context.newPage();
  await open(page, ingest);
  await init(page);
  await page.tap('#b');
  await flush(page);
  const types = ingest.stored().filter((event) => event.data.source === 2).map((event) => event.data.type);
  expect(types).toEqual(expect.arrayContaining([7, 9, 2]));
  const click = ingest.stored().find((event) => event.data.source === 2 && event.data.type === 2);
  expect(click.data.pointerType).toBe(2);
  await context.close();
});

sdkTest('shouldInlineStylesheet and applyBackgroundColorToBlockedElements', async ({ page, ingest }) => {
  await page.route('**/site.css', (route) => route.fulfill({ body: 'p { color: rgb(7, 7, 7) }', contentType: 'text/css' }));
  await open(page, ingest, '<link rel=stylesheet href=/site.css><div class=amp-block style="width:30px;height:20px">x</div>');
  await page.waitForFunction(() => document.styleSheets.length === 1);
  const snapshot = () => JSON.stringify(ingest.stored().filter((event) => event.type === 2).at(-1));
  await init(page);
  await flush(page);
  expect(snapshot()).toContain('rgb(7, 7, 7)');
  expect(snapshot()).toContain('"rr_width":"30px"');
  expect(snapshot()).not.toContain('lightgrey');
  await init(page, { sessionId: 's2', shouldInlineStylesheet: false, applyBackgroundColorToBlockedElements: true });
  await page.waitForTimeout(50);
  await flush(page);
  expect(snapshot()).not.toContain('rgb(7, 7, 7)');
  expect(snapshot()).toContain('/site.css');
  expect(snapshot()).toContain('"rr_background_color":"lightgrey"');
});
