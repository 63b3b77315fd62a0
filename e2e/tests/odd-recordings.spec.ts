// Recordings as no recorder should write them: the player shows what there is, says what is missing, and stays usable.
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording, element, mutation, page as recordedDocument, text } from '../support/recordings';
import type { Replay, RrwebEvent, Server } from '../support/server';
import { offsetShown, openPaused } from './player-story';

let uploads = 0;

async function upload(server: Server, name: string, make: (start_ms: number) => RrwebEvent[]): Promise<Replay> {
  const start_ms = Date.now() - 40_000_000 - (uploads += 1) * 100_000;
  return server.upload(`visitor-odd-${name}-${start_ms}`, String(start_ms), make(start_ms));
}

test.beforeEach(async ({ context, page, server }) => {
  await signIn(context, server);
  // Whatever is odd in a recording must not become an error of the app.
  page.on('pageerror', (error) => {
    throw error;
  });
});

const meta = (at_ms: number, more: object = {}): RrwebEvent => ({ type: 4, timestamp: at_ms, data: { href: 'https://odd.example/', width: 800, height: 600, ...more } });

test('no size of the page is told', async ({ page, server }) => {
  const replay = await upload(server, 'no-meta', (start_ms) => countingRecording(start_ms, 5).filter((event) => event.type !== 4));
  await openPaused(page, server.origin, replay.id, 3);
  await expect(recordedPage(page).getByText('second 3', { exact: true })).toBeVisible();
});

test('the page is said to have no size at all', async ({ page, server }) => {
  const replay = await upload(server, 'zero', (start_ms) => countingRecording(start_ms, 5).map((event) => (event.type === 4 ? meta(event.timestamp, { width: 0, height: 0 }) : event)));
  await openPaused(page, server.origin, replay.id, 3);
  await expect(recordedPage(page).locator('p.count')).toHaveText('second 3');
  await page.keyboard.press('End');
  await expect(recordedPage(page).locator('p.count')).toHaveText('second 5');
});

test('one moment is all there is', async ({ page, server }) => {
  const replay = await upload(server, 'moment', (start_ms) => countingRecording(start_ms, 0).map((event) => ({ ...event, timestamp: start_ms })));
  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(recordedPage(page).getByText('second 0', { exact: true })).toBeVisible();
  for (const key of ['End', 'Home', 'ArrowRight', 'ArrowLeft', 'Space']) await page.locator('body').press(key);
  expect(await offsetShown(page)).toBe(0);
});

test('a clock that jumps by years', async ({ page, server }) => {
  const replay = await upload(server, 'years', (start_ms) => {
    const [meta_event, snapshot, ...rest] = countingRecording(start_ms, 4) as [RrwebEvent, RrwebEvent, ...RrwebEvent[]];
    return [meta_event, snapshot, ...rest.map((event) => ({ ...event, timestamp: event.timestamp + 5 * 365 * 86_400_000 }))];
  });
  await openPaused(page, server.origin, replay.id, 0);
  await expect(recordedPage(page).getByText('second 0', { exact: true })).toBeVisible();
  await page.keyboard.press('End');
  await expect(recordedPage(page).getByText('second 4', { exact: true })).toBeVisible();
  await page.keyboard.press('5');
  await expect(recordedPage(page).getByText('second 0', { exact: true })).toBeVisible();
});

test('only touches, shown as rings', async ({ page, server }) => {
  const replay = await upload(server, 'touch', (start_ms) => {
    const button = element('button', {}, [text('Tap me')]);
    const events = recordedDocument(start_ms, 'https://odd.example/', [], [button]);
    for (let second = 1; second < 8; second += 1) {
      events.push({ type: 3, timestamp: start_ms + second * 1000, data: { source: 2, type: 7, id: button.id, x: 60, y: 40 } });
      events.push({ type: 3, timestamp: start_ms + second * 1000 + 300, data: { source: 6, positions: [{ x: 60, y: 40 + second * 10, id: button.id, timeOffset: 0 }] } });
      events.push({ type: 3, timestamp: start_ms + second * 1000 + 400, data: { source: 2, type: 9, id: button.id, x: 60, y: 40 } });
    }
    return events;
  });
  await openPaused(page, server.origin, replay.id, 0.5);
  const coloured = () =>
    page
      .frameLocator('iframe[title="Recorded page"]')
      .locator('canvas.overlay')
      .evaluate((canvas: HTMLCanvasElement) => canvas.getContext('2d')!.getImageData(30, 10, 60, 60).data.some((value, index) => index % 4 === 3 && value > 40));
  await page.locator('body').press('Space');
  await expect.poll(coloured, { intervals: [50] }).toBe(true);
});

test('fifty thousand elements', async ({ page, server }) => {
  const replay = await upload(server, 'many', (start_ms) => {
    const rows = Array.from({ length: 10_000 }, (_, row) => element('tr', {}, [element('td', {}, [text(`row ${row}`)]), element('td', {}, [text('more')])]));
    const events = recordedDocument(start_ms, 'https://odd.example/', [], [element('table', {}, rows)]);
    for (let second = 1; second < 5; second += 1) events.push({ type: 3, timestamp: start_ms + second * 1000, data: { source: 3, id: 1, x: 0, y: second * 10 } });
    return events;
  });
  await openPaused(page, server.origin, replay.id, 1);
  await expect(recordedPage(page).getByText('row 9999', { exact: true })).toBeAttached();
  await page.keyboard.press('End');
  await expect.poll(() => offsetShown(page)).toBe(4);
  await expect(recordedPage(page).getByText('row 0', { exact: true })).toBeAttached();
});

test('events that make no sense do not stop the others', async ({ page, server }) => {
  const replay = await upload(server, 'nonsense', (start_ms) => {
    const events = countingRecording(start_ms, 6);
    const odd: unknown[] = [
      { type: 3, timestamp: start_ms + 1500, data: { source: 99, what: 'ever' } },
      { type: 42, timestamp: start_ms + 1600, data: null },
      { type: 3, timestamp: start_ms + 1700, data: { source: 0, texts: [{ id: 987_654, value: 'nowhere' }], attributes: [{ id: 987_654, attributes: { a: 1 } }], removes: [{ id: 987_654, parentId: 3 }], adds: [{ parentId: 987_654, nextId: null, node: { id: 987_655, type: 3, textContent: 'lost' } }] } },
      { type: 3, timestamp: start_ms + 1800, data: { source: 9, id: 5, type: 0, commands: [{ property: 'fillRect', args: [0, 0, 1, 1] }] } },
      { type: 3, timestamp: start_ms + 1900, data: { source: 1, positions: [] } },
      { type: 3, timestamp: start_ms + 2100, data: { source: 2, type: 77, id: -4, x: 1e12, y: -1e12 } },
      { type: 3, timestamp: start_ms + 2200, data: { source: 8, id: 1, adds: [{ rule: '}{ not css', index: -3 }] } },
    ];
    return [...events, ...(odd as RrwebEvent[])].sort((a, b) => a.timestamp - b.timestamp);
  });
  await openPaused(page, server.origin, replay.id, 1);
  await page.locator('body').press('Space');
  await expect(recordedPage(page).getByText('second 6', { exact: true })).toBeVisible();
  await page.keyboard.press('3');
  await expect(recordedPage(page).locator('p.count')).toHaveText('second 1');
});

test('several tabs: the one in use is shown and named, and one can be kept', async ({ page, server }) => {
  const replay = await upload(server, 'tabs', (start_ms) => {
    // Two tabs by turns of four seconds, as recorders mark them.
    const tabs = ['a', 'b'].map((name, index) => countingRecording(start_ms + index, 16).map((event) => ({ ...event, windowId: name })));
    const turn = (event: RrwebEvent) => Math.floor((event.timestamp - start_ms) / 4000) % 2;
    return tabs.flatMap((events, index) => events.filter((event) => event.type !== 3 || turn(event) === index)).sort((a, b) => a.timestamp - b.timestamp);
  });
  await openPaused(page, server.origin, replay.id, 2.5);
  const tabs = page.getByRole('group', { name: /tabs/i });
  await expect(tabs.getByRole('button')).not.toHaveCount(0);
  await expect(recordedPage(page).getByText('second 2', { exact: true })).toBeVisible();
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: /go to time/i }).fill('0:06.5');
  await page.keyboard.press('Enter');
  await expect(recordedPage(page).getByText('second 6', { exact: true })).toBeVisible();
  // Kept on the first tab, that one stands where it was left.
  await tabs.getByRole('button').first().click();
  await expect(recordedPage(page).getByText('second 3', { exact: true })).toBeVisible();
});

test('a visit without a page says so, and one that does not exist too', async ({ page, server }) => {
  const replay = await upload(server, 'no-page', (start_ms) => [mutation(start_ms, { texts: [{ id: 4, value: 'late' }] })]);
  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(page.getByRole('heading', { level: 2 }).or(page.getByRole('alert'))).toBeVisible();
  await page.goto(`${server.origin}/replays/rp_0000000000000000000000`);
  await expect(page.getByText(/not found|no such replay|does not exist/i).first()).toBeVisible();
});
