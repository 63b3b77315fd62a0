// The whole player without a mouse: no test in this file clicks, taps or moves a pointer, and none puts the
// focus anywhere but by the Tab key. What cannot be reached so does not exist for many people.
import type { Locator, Page } from '@playwright/test';
import { recordedPage, secondsShown, signIn, timeSlider } from '../support/app';
import { expect, test } from '../support/fixtures';
import type { Replay, Server } from '../support/server';
import { changeSetting, offsetShown, openPaused, story, storyRecording } from './player-story';

let uploads = 0;

async function uploadStory(server: Server): Promise<Replay> {
  const start_ms = Date.now() - 14_400_000 - (uploads += 1) * 100_000;
  return server.upload(`visitor-keys-${start_ms}`, String(start_ms), storyRecording(start_ms));
}

const panels = (page: Page) => page.getByRole('region', { name: 'Panels' });
const row = (page: Page, text: string | RegExp) => panels(page).getByRole('listitem').filter({ hasText: text });
const press = async (page: Page, ...keys: string[]) => {
  for (const key of keys) await page.keyboard.press(key);
};
const clipboard = (page: Page) => page.evaluate(() => navigator.clipboard.readText());
const hasFocus = (target: Locator) => target.evaluate((element) => element === document.activeElement);

/** Goes with Tab until the focus is there; a page has less than a hundred stops. */
async function tabTo(page: Page, target: Locator, key = 'Tab'): Promise<void> {
  await expect(target).toBeVisible();
  for (let stop = 0; stop < 100; stop += 1) {
    if (await hasFocus(target)) return;
    await page.keyboard.press(key);
  }
  throw new Error('the Tab key does not lead there');
}

const tab = (page: Page, name: string) => panels(page).getByRole('tab', { name: new RegExp(`^${name}`) });

/** With the arrows along the strip of panels, or from the menu of those that do not fit. */
async function openPanel(page: Page, name: string): Promise<void> {
  if (await tab(page, name).isVisible()) {
    const selected = panels(page).getByRole('tab', { selected: true });
    await tabTo(page, selected);
    for (let step = 0; step < 9 && (await tab(page, name).getAttribute('aria-selected')) !== 'true'; step += 1) {
      const before = await selected.textContent();
      await press(page, 'ArrowRight');
      await expect(selected).not.toHaveText(before ?? '');
    }
  } else {
    await tabTo(page, page.getByRole('button', { name: 'More panels' }));
    await press(page, 'Enter');
    await tabTo(page, panels(page).getByRole('button', { name: new RegExp(`^${name}`) }));
    await press(page, 'Enter');
  }
  await expect(tab(page, name)).toHaveAttribute('aria-selected', 'true');
}

test.beforeEach(async ({ context, server }) => {
  await signIn(context, server);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
});

test('play, pause, ten seconds, tenths, speeds', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 2);
  await press(page, 'Space');
  await expect.poll(() => offsetShown(page), { message: 'plays' }).toBeGreaterThan(2.5);
  await press(page, 'k');
  await expect(page.getByRole('button', { name: 'Play', exact: true })).toBeVisible();
  const paused_s = await offsetShown(page);
  await press(page, 'ArrowRight');
  await expect.poll(() => offsetShown(page)).toBeCloseTo(paused_s + 10, 0);
  await press(page, 'ArrowLeft', 'ArrowLeft');
  await expect.poll(() => offsetShown(page)).toBe(Math.max(0, Math.round((paused_s - 10) * 10) / 10));
  await press(page, '5');
  await expect.poll(() => offsetShown(page)).toBeCloseTo(story.seconds / 2, 0);
  await press(page, 'End');
  await expect(recordedPage(page).getByText(`thanks ${story.seconds}`, { exact: true })).toBeVisible();
  await press(page, 'Home');
  await expect(recordedPage(page).getByText('waiting')).toBeVisible();

  const speed = page.getByLabel('Speed');
  for (const expected of ['1.5', '2', '4', '8', '16', '16']) {
    await press(page, '.');
    await expect(speed).toHaveValue(expected);
  }
  for (const expected of ['8', '4', '2', '1.5', '1', '0.5', '0.25']) {
    await press(page, ',');
    await expect(speed).toHaveValue(expected);
  }
  // The list itself, too.
  await tabTo(page, speed);
  await changeSetting(page, () => press(page, 'ArrowDown', 'ArrowDown'));
  await expect(speed).toHaveValue('1');
  // The buttons are there for those who do not know the keys.
  await tabTo(page, page.getByRole('button', { name: 'Forward 10 seconds' }));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(10);
});

test('the next and the previous change, and a range that repeats', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 4);
  await press(page, 'Alt+ArrowRight');
  await expect(recordedPage(page).getByText('cart 4', { exact: true })).toBeVisible();
  await expect.poll(() => offsetShown(page)).toBe(4.5);
  await press(page, 'Alt+ArrowLeft');
  await expect(recordedPage(page).getByText('cart 3', { exact: true })).toBeVisible();

  const focused = await page.evaluate(() => {
    document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 't', bubbles: true }));
    return document.activeElement?.tagName;
  });
  expect(focused, 'the key after it belongs to the field').toBe('INPUT');
  await page.keyboard.type('0:04');
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(4);
  await press(page, '(', 't');
  await page.keyboard.type('0:06');
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(6);
  await press(page, ')');
  await expect(page.getByText('0:04 – 0:06')).toBeVisible();
  await press(page, 'Space');
  // It is behind the start again after it was past the middle.
  await expect.poll(() => offsetShown(page), { intervals: [50] }).toBeLessThan(4.8);
  await expect.poll(() => offsetShown(page), { intervals: [50] }).toBeGreaterThan(5.2);
  await expect.poll(() => offsetShown(page), { intervals: [50] }).toBeLessThan(4.8);
  await press(page, 'Space', 'Escape');
  await expect(page.getByText('0:04 – 0:06')).toBeHidden();
});

test('skipping of idle time and the trail are switched', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, story.idle_from_s - 0.3);
  await press(page, 'Space');
  await expect.poll(() => offsetShown(page), { message: 'skips' }).toBeGreaterThan(story.idle_to_s - 1);
  await press(page, 'Space');
  const skip = page.getByRole('checkbox', { name: 'Skip idle', exact: true });
  await changeSetting(page, () => press(page, 'i'));
  await expect(skip).not.toBeChecked();
  await tabTo(page, skip);
  await changeSetting(page, () => press(page, 'Space'));
  await expect(skip).toBeChecked();
  await tabTo(page, page.getByRole('button', { name: 'More controls' }));
  await press(page, 'Enter');
  const trail = page.getByRole('checkbox', { name: 'Pointer trail' });
  await tabTo(page, trail);
  await changeSetting(page, () => press(page, 'Space'));
  await expect(trail).not.toBeChecked();
  await changeSetting(page, () => press(page, 'Space'));
  await press(page, 'Escape');
  await expect(trail).toBeHidden();
});

test('full width, layouts, full screen, and the size of the panels', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 2);
  const stage_width = async () => (await page.locator('iframe[title="Recorded page"]').boundingBox())!.width;
  const beside = await stage_width();
  await press(page, 'v');
  await expect(page.locator('[data-layout=bottom]')).toBeVisible();
  await press(page, 'v');
  await expect.poll(stage_width).toBeGreaterThan(beside + 200);
  await press(page, 'v');
  await expect.poll(stage_width).toBe(beside);
  await tabTo(page, page.getByRole('separator', { name: 'Size of the panels' }));
  await press(page, 'ArrowLeft');
  await expect.poll(stage_width).toBe(beside - 16);
  await press(page, 'ArrowRight');
  await press(page, 'f');
  await expect(page.getByRole('button', { name: 'Leave full screen' })).toBeVisible();
  await press(page, 'f');
  await expect(page.getByRole('button', { name: 'Full screen', exact: true })).toBeVisible();
});

test('markers, the time line, and its zoom', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 7);
  const markers = page.getByRole('list', { name: 'Markers' }).getByRole('button');
  await expect(markers.first()).toBeVisible();
  const offsets: number[] = [];
  for (let marker = 0; marker < 2; marker += 1) {
    const before_s = await offsetShown(page);
    await press(page, 'Shift+ArrowRight');
    await expect.poll(() => offsetShown(page)).toBeGreaterThan(before_s);
    offsets.push(await offsetShown(page));
  }
  await press(page, 'Shift+ArrowLeft');
  await expect.poll(() => offsetShown(page)).toBe(offsets[0]);
  // Along the lane with the arrows; Enter goes there and opens the panel that says more.
  await tabTo(page, markers.first());
  await press(page, 'End');
  await expect(markers.last()).toBeFocused();
  await press(page, 'Home', 'Enter');
  await expect.poll(() => offsetShown(page)).not.toBe(offsets[0]);

  await tabTo(page, timeSlider(page));
  await press(page, 'Home', 'ArrowRight', 'ArrowRight', 'ArrowLeft');
  await expect.poll(() => secondsShown(page)).toBe(5);
  await press(page, 'PageUp');
  await expect.poll(() => secondsShown(page)).toBe(35);
  const overview = page.locator('.overview span');
  await press(page, '+', '+');
  await expect(overview).toBeVisible();
  // What is looked at comes along, as it does when it is dragged.
  const left = async () => (await overview.boundingBox())!.x;
  const at_end = await left();
  await press(page, 'Home');
  await expect.poll(left).toBeLessThan(at_end);
  await press(page, '-', '-');
  await expect(overview).toBeHidden();
});

test('every panel is opened, searched, and leads to a time', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 1);
  const find = async (filter: string, text: string) => {
    const search = panels(page).getByRole('searchbox', { name: filter });
    await expect(search).toBeVisible();
    await press(page, '/');
    await expect(search).toBeFocused();
    await page.keyboard.type(text);
  };

  await press(page, 'a');
  await find('Filter activity', 'order now');
  await expect(panels(page).getByRole('listitem')).toHaveCount(1);
  await tabTo(page, row(page, 'Order now').getByRole('button'));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(story.order_click_s);
  // A link to this very row.
  await press(page, 'l');
  await expect.poll(() => clipboard(page)).toBe(`${server.origin}/replays/${replay.id}?t=${story.order_click_s}`);

  await press(page, 'c');
  await find('Filter console', 'stock');
  await expect(panels(page).getByRole('listitem')).toHaveCount(1);
  await tabTo(page, row(page, 'stock is low').getByRole('button'));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(9);

  await press(page, 'n');
  await find('Filter requests', 'api/order');
  await expect(panels(page).getByRole('listitem')).toHaveCount(1);
  await tabTo(page, row(page, '/api/order').getByRole('button'));
  await press(page, 'Enter');
  // The row stands where the request began; its answer is what was recorded.
  await expect.poll(() => offsetShown(page)).toBeCloseTo(story.failed_request_s, 0);
  await tabTo(page, panels(page).getByRole('button', { name: 'Copy as cURL' }));
  await press(page, 'Enter');
  await expect.poll(() => clipboard(page)).toMatch(/^curl 'https:\/\/shop\.example\/api\/order' \\\n {2}-X 'POST'/);

  await press(page, 'e');
  await find('Filter errors', 'payment');
  await tabTo(page, row(page, 'payment failed').getByRole('button'));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(story.error_s);

  await openPanel(page, 'Performance');
  await expect(panels(page).getByText(/web vitals/i).first()).toBeVisible();
  await openPanel(page, 'Transcript');
  await find('Search in the text', 'thanks');
  await tabTo(page, row(page, 'shop.example/thanks').first().getByRole('button'));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(story.second_page_s);
  await openPanel(page, 'Details');
  await expect(panels(page).getByText(replay.id)).toBeVisible();
  // From tab to tab with the arrows.
  await openPanel(page, 'Activity');
});

test('the tree of the page is walked, and a selector copied', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 3);
  await expect(recordedPage(page).getByRole('heading', { name: 'Cart' })).toBeVisible();
  await press(page, 'd');
  await expect(row(page, '<button')).toBeVisible();
  const rows = panels(page).getByRole('list', { name: 'Elements of the page' }).getByRole('button');
  await tabTo(page, rows.first());
  await press(page, 'End');
  await expect(rows.last()).toBeFocused();
  for (let step = 0; step < 40 && !(await hasFocus(row(page, '<button').getByRole('button'))); step += 1) await press(page, 'ArrowUp');
  const open = await rows.count();
  await press(page, 'Enter');
  await expect(row(page, 'Order now')).toBeVisible();
  expect(await rows.count(), 'its children are shown').toBeGreaterThan(open);
  await expect(page.frameLocator('iframe[title="Recorded page"]').locator('.highlight')).toBeVisible();
  await tabTo(page, panels(page).getByRole('button', { name: 'Copy selector' }));
  await press(page, 'Enter');
  await expect.poll(() => clipboard(page)).toContain('#order');
});

test('a comment at a time is written, gone to and deleted', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 12);
  await press(page, 'm');
  await tabTo(page, page.getByRole('textbox', { name: 'Comment at 0:12' }));
  await page.keyboard.type('This is where it fails');
  await press(page, 'Control+Enter');
  await expect(row(page, 'This is where it fails')).toBeVisible();
  await tabTo(page, timeSlider(page));
  await press(page, 'Home');
  await expect.poll(() => offsetShown(page)).toBe(0);
  await tabTo(page, row(page, 'This is where it fails').getByRole('button', { name: '0:12', exact: true }));
  await press(page, 'Enter');
  await expect.poll(() => offsetShown(page)).toBe(12);
  await press(page, 'Tab', 'Enter');
  await expect(row(page, 'This is where it fails')).toBeHidden();
});

test('a rating with a reason, seen, links, and the result set', async ({ page, server }) => {
  const newer = await uploadStory(server);
  const older = await uploadStory(server);
  const known = async (part = '') => (await page.request.get(`${server.origin}/api/v1/replays/${newer.id}${part}`)).json();
  await openPaused(page, server.origin, newer.id, 7, '&range=all');

  await tabTo(page, page.getByRole('button', { name: 'Report a fault' }));
  await press(page, 'Enter');
  const dialog = page.getByRole('dialog');
  await tabTo(page, dialog.getByRole('radio').first());
  await press(page, 'ArrowDown');
  await tabTo(page, dialog.getByRole('textbox'));
  await page.keyboard.type('The font is wrong');
  await tabTo(page, dialog.getByRole('button', { name: 'Report', exact: true }));
  await press(page, 'Enter');
  await expect(dialog).toBeHidden();
  expect(await known('/rating')).toMatchObject({ rating: 'down', reason: 'wrong_styles', text: 'The font is wrong' });

  await expect.poll(async () => (await known()).seen).toBe(true);
  await tabTo(page, page.getByRole('button', { name: 'More', exact: true }));
  await press(page, 'Enter');
  await tabTo(page, page.getByRole('button', { name: 'Mark as not seen' }));
  await press(page, 'Enter');
  await expect.poll(async () => (await known()).seen).toBe(false);
  await press(page, 'Escape');

  await press(page, 'l');
  await expect.poll(() => clipboard(page)).toBe(`${server.origin}/replays/${newer.id}?t=7`);
  await press(page, 's');
  await tabTo(page, page.getByRole('button', { name: 'Copy as Markdown' }));
  await press(page, 'Enter');
  await expect.poll(() => clipboard(page)).toMatch(/0:06 .*Order now/);
  await press(page, 'Escape');

  await expect(page.getByRole('link', { name: 'Older replay' })).toBeVisible();
  await press(page, ']');
  await expect(page).toHaveURL(new RegExp(`/replays/${older.id}\\?.*range=all`));
  await expect(page.getByRole('link', { name: 'Newer replay' })).toBeVisible();
  await press(page, '[');
  await expect(page).toHaveURL(new RegExp(`/replays/${newer.id}`));
});

test('the help, the palette and the theme', async ({ page, server }) => {
  await openPaused(page, server.origin, (await uploadStory(server)).id, 2);
  await press(page, '?');
  const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(help.getByText('Previous, next change')).toBeVisible();
  await press(page, 'Escape');
  await expect(help).toBeHidden();
  for (const [typed, theme] of [['dark theme', 'dark'], ['theme as the system', undefined]] as const) {
    await press(page, 'Control+k');
    await page.keyboard.type(typed);
    await changeSetting(page, () => press(page, 'Enter'));
    await expect.poll(() => page.evaluate(() => document.documentElement.dataset.theme)).toBe(theme);
  }
  // The keys of the player work again as soon as what lay over it is closed.
  await press(page, 'ArrowRight');
  await expect.poll(() => offsetShown(page)).toBe(12);
});
