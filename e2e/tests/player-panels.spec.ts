// The panels and the timeline: what they show, and that they and the play time lead each other.
import type { Page } from '@playwright/test';
import { addresses, foreignRequests, recordedPage, secondsShown, signIn, timeSlider } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import type { Replay, Server } from '../support/server';
import { offsetShown, openPaused, story, storyRecording } from './player-story';

let uploads = 0;

async function uploadStory(server: Server): Promise<Replay> {
  const start_ms = Date.now() - 10_800_000 - (uploads += 1) * 100_000;
  return server.upload(`visitor-panels-${start_ms}`, String(start_ms), storyRecording(start_ms));
}

const panels = (page: Page) => page.getByRole('region', { name: 'Panels' });
const row = (page: Page, text: string | RegExp) => panels(page).getByRole('listitem').filter({ hasText: text });

async function openPanel(page: Page, name: string): Promise<void> {
  const tab = panels(page).getByRole('tab', { name: new RegExp(`^${name}`) });
  if (await tab.isVisible()) await tab.click();
  else {
    await page.getByRole('button', { name: 'More panels' }).click();
    await panels(page).getByRole('button', { name: new RegExp(`^${name}`) }).click();
  }
  await expect(panels(page).getByRole('tab', { name: new RegExp(`^${name}`) })).toHaveAttribute('aria-selected', 'true');
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('activity: search, seek by click and by keyboard, follows the play time', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 1);
  await openPanel(page, 'Activity');
  await row(page, 'Order now').getByRole('button').click();
  await expect.poll(() => offsetShown(page)).toBe(story.order_click_s);
  await expect(row(page, 'Order now').getByRole('button')).toHaveAttribute('aria-current', 'true');
  // With the focus in a list, End goes to its last row; on the timeline it goes to the end.
  await timeSlider(page).press('End');
  await expect(row(page, 'Order now').getByRole('button')).not.toHaveAttribute('aria-current', 'true');

  await page.locator('body').press('/');
  await page.keyboard.type('order now');
  await expect(panels(page).getByRole('listitem')).toHaveCount(1);
  await page.getByRole('searchbox').fill('no such thing');
  await expect(panels(page).getByText('Nothing matches the filter.')).toBeVisible();
  await page.getByRole('button', { name: 'Clear filter' }).click();

  await row(page, 'shop.example/cart').getByRole('button').focus();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  expect(await offsetShown(page)).toBeGreaterThan(0);
  await page.keyboard.press('Home');
  await page.keyboard.press('Enter');
  await expect.poll(() => offsetShown(page)).toBeLessThan(0.2);
});

test('a panel keeps the focus while more of a live replay comes', async ({ page, server }) => {
  const start_ms = Date.now() - 60_000;
  const device_id = `visitor-live-panel-${start_ms}`;
  const events = storyRecording(start_ms);
  const second_page_ms = start_ms + story.second_page_s * 1_000;
  const replay = await server.upload(device_id, `${start_ms}`, events.filter(({ timestamp }) => timestamp < second_page_ms));
  await openPaused(page, server.origin, replay.id, 1);
  await openPanel(page, 'Activity');
  await row(page, 'Order now').getByRole('button').focus();
  await server.upload(device_id, `${start_ms}`, events.filter(({ timestamp }) => timestamp >= second_page_ms));
  await expect(row(page, 'shop.example/thanks').first()).toBeVisible();
  await expect(row(page, 'Order now').getByRole('button')).toBeFocused();
});

test('console: levels, values and the stack', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 1);
  await page.keyboard.press('c');
  await expect(row(page, 'stock is low')).toBeVisible();
  await page.getByRole('button', { name: 'Errors', exact: true }).click();
  await expect(row(page, 'stock is low')).toBeHidden();
  await row(page, 'payment failed').getByRole('button').click();
  await expect(panels(page).getByText('app.js:10:4')).toBeVisible();
  await expect.poll(() => offsetShown(page)).toBe(story.error_s);
});

test('network: failures in red, details, copy as cURL', async ({ page, context, server }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 1);
  await page.keyboard.press('n');
  const failed = row(page, '/api/order');
  await expect(failed.getByLabel('Failed')).toBeVisible();
  await expect(row(page, '/api/stock').getByLabel('Failed')).toBeHidden();
  await page.getByRole('button', { name: 'Failed', exact: true }).click();
  await expect(panels(page).getByRole('listitem')).toHaveCount(1);
  await failed.getByRole('button').click();
  await expect(panels(page).getByText('500 Server error')).toBeVisible();
  await panels(page).getByRole('button', { name: 'Copy as cURL' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^curl 'https:\/\/shop\.example\/api\/order' \\\n {2}-X 'POST'/);
});

test('errors, performance, transcript, details', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 1);
  await page.keyboard.press('e');
  await row(page, 'payment failed').getByRole('button').click();
  await expect.poll(() => offsetShown(page)).toBe(story.error_s);
  await openPanel(page, 'Performance');
  await expect(panels(page).getByText(/web vitals/i).first()).toBeVisible();
  await openPanel(page, 'Transcript');
  await expect(row(page, /Went to shop\.example\/thanks|Opened shop\.example\/thanks/)).toBeVisible();
  await expect(row(page, /Idle for/)).toBeVisible();
  await openPanel(page, 'Details');
  await expect(panels(page).getByText(replay.id)).toBeVisible();
  await expect(panels(page).getByText('https://shop.example/thanks')).toBeVisible();
});

test('DOM: the tree of the rebuilt page, picking, the box and its selector', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 3);
  await expect(recordedPage(page).getByRole('heading', { name: 'Cart' })).toBeVisible();
  await page.keyboard.press('d');
  await expect(row(page, '<button')).toBeVisible();
  await page.getByRole('button', { name: 'Pick' }).click();
  const frame = (await page.locator('iframe[title="Recorded page"]').boundingBox())!;
  const button = (await recordedPage(page).locator('#order').boundingBox())!;
  await page.mouse.click(button.x + button.width / 2, button.y + button.height / 2);
  expect(button.x).toBeGreaterThanOrEqual(frame.x);
  await expect(panels(page).locator('code', { hasText: '#order' })).toBeVisible();
  await expect(page.frameLocator('iframe[title="Recorded page"]').locator('.highlight')).toBeVisible();
  // The tree is of the page as it is now: after a seek to another page it is another tree.
  await page.locator('body').press('End');
  await expect(row(page, '<button')).toBeHidden();
});

test('comments at a time: write, see, go there, delete', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 12);
  await page.keyboard.press('m');
  await page.getByRole('textbox', { name: 'Comment at 0:12' }).fill('This is where it fails');
  await page.keyboard.press('Control+Enter');
  await expect(row(page, 'This is where it fails')).toBeVisible();
  await page.locator('body').press('Home');
  await page.reload();
  await row(page, 'This is where it fails').getByRole('button', { name: '0:12', exact: true }).click();
  await expect.poll(() => offsetShown(page)).toBe(12);
  await page.getByRole('button', { name: /^Delete comment/ }).click();
  await expect(row(page, 'This is where it fails')).toBeHidden();
});

test('timeline: preview, click, drag, zoom, markers', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 2);
  await expect(recordedPage(page).getByText(/^cart/)).toBeVisible();
  const line = (await page.locator('.timeline .picture').boundingBox())!;
  const xOf = (second: number) => line.x + (line.width * second) / story.seconds;
  await page.mouse.move(xOf(21.5), line.y + 5);
  const preview = page.frameLocator('iframe[title="Preview of the recorded page"]').frameLocator('iframe');
  await expect(preview.getByText('Thank you')).toBeVisible();
  expect(await offsetShown(page), 'a look changes nothing').toBe(2);
  await page.mouse.click(xOf(21.5), line.y + 5);
  await expect(recordedPage(page).getByText('Thank you')).toBeVisible();
  await expect.poll(() => secondsShown(page)).toBe(21);

  await page.mouse.move(xOf(30), line.y + 5);
  await page.mouse.down();
  for (const second of [25, 18, 12, 10.2]) await page.mouse.move(xOf(second), line.y + 5, { steps: 3 });
  await page.mouse.up();
  await expect(recordedPage(page).getByText('cart 9', { exact: true })).toBeVisible();

  const markers = page.getByRole('list', { name: 'Markers' }).getByRole('button');
  await page.getByRole('list', { name: 'Markers' }).getByRole('button', { name: /error/i }).first().click();
  await expect.poll(() => offsetShown(page)).toBe(story.error_s - 1);
  await expect(panels(page).getByRole('tab', { selected: true })).toHaveText(/Console|Errors/);

  await markers.first().focus();
  await page.keyboard.press('ArrowRight');
  await expect(markers.nth(1)).toBeFocused();
  await page.keyboard.press('Enter');
  await page.locator('body').press('Shift+ArrowRight');
  const stopped = await offsetShown(page);
  expect(stopped).toBeGreaterThan(0);

  const before = await markers.count();
  await page.locator('body').press('+');
  await page.locator('body').press('+');
  await expect(page.locator('.overview')).toBeVisible();
  expect(await markers.count()).toBeLessThanOrEqual(before);
  await page.locator('body').press('-');
  await page.locator('body').press('-');
  await expect(page.locator('.overview')).toBeHidden();
  await expect(timeSlider(page)).toBeVisible();
});

test('share, seen, a report that reaches the operators, and the result set', async ({ page, context, server }) => {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  const older = await uploadStory(server);
  const newer = older;
  const next = await uploadStory(server);
  await openPaused(page, server.origin, newer.id, 7, '&range=all');
  await page.locator('body').press('s');
  await page.getByRole('button', { name: 'Copy link', exact: true }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(`${server.origin}/replays/${newer.id}?t=7`);
  await page.getByRole('button', { name: 'Copy as Markdown' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/0:06 .*Order now/);
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Report a fault' }).click();
  await page.getByLabel('It looks different from the page').check();
  await page.getByRole('textbox', { name: /What did you expect/ }).fill('The font is wrong');
  await page.getByRole('button', { name: 'Report', exact: true }).click();
  await expect(page.getByRole('dialog')).toBeHidden();
  const rating = await (await page.request.get(`${server.origin}/api/v1/replays/${newer.id}/rating`)).json();
  expect(rating).toMatchObject({ rating: 'down', reason: 'wrong_styles', text: 'The font is wrong' });
  await expect.poll(async () => (await (await page.request.get(`${server.origin}/api/v1/replays/${newer.id}`)).json()).seen).toBe(true);

  // A key that comes before the neighbours are known is not lost.
  await page.route('**/neighbours?*', async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    await route.continue();
  });
  // The story uploaded next is older by its clock.
  await page.getByRole('link', { name: 'Older replay' }).click();
  await expect(page).toHaveURL(new RegExp(`/replays/${next.id}\\?.*range=all`));
  await page.locator('body').press('[');
  await expect(page).toHaveURL(new RegExp(`/replays/${newer.id}`));
});

test('states: no such replay, and one that cannot be played', async ({ page, server }) => {
  await page.goto(`${server.origin}/replays/no-such-replay`);
  await expect(page.getByText('This replay does not exist')).toBeVisible();
  const start_ms = Date.now() - 20_000_000;
  const broken = storyRecording(start_ms).filter((event) => event.type !== 2);
  const replay = await server.upload(`visitor-broken-${start_ms}`, String(start_ms), broken);
  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(page.getByText(/cannot be played|Not yet available/)).toBeVisible();
});

test('on a phone everything is reachable', async ({ page, context, server }) => {
  await page.setViewportSize({ width: 400, height: 800 });
  const foreign = foreignRequests(context, server.origin);
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 3);
  await expect(recordedPage(page).getByText(/^cart/)).toBeVisible();
  await page.getByRole('button', { name: 'Panels', exact: true }).click();
  await row(page, 'Order now').getByRole('button').click();
  await expect.poll(() => offsetShown(page)).toBe(story.order_click_s);
  await page.getByRole('button', { name: 'Close', exact: true }).first().click();
  // What has no room in the row is in its menu.
  await page.getByRole('button', { name: 'More controls' }).click();
  await page.getByRole('button', { name: 'Next change', exact: true }).click();
  await expect.poll(() => offsetShown(page)).toBeGreaterThan(story.order_click_s);
  await page.keyboard.press('Escape');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(400);
  expect(addresses(foreign)).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`axe finds nothing in any panel, ${colorScheme}`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme });
    const replay = await uploadStory(server);
    await openPaused(page, server.origin, replay.id, 13);
    await expect(recordedPage(page).getByText(/^cart/)).toBeVisible();
    for (const name of ['Activity', 'Console', 'Network', 'Errors', 'Performance', 'DOM', 'Comments', 'Transcript', 'Details']) {
      await openPanel(page, name);
      await page.waitForTimeout(400);
      const first = panels(page).getByRole('listitem').first();
      if (['Activity', 'Console', 'Network', 'Errors'].includes(name) && (await first.isVisible())) await first.getByRole('button').click();
      await expectClean(page, `${name}, ${colorScheme}`);
    }
    await page.getByRole('button', { name: 'Report a fault' }).click();
    await expectClean(page, `report, ${colorScheme}`);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Facts of the session' }).click();
    await expectClean(page, `facts, ${colorScheme}`);
  });
}
