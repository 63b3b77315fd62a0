// Everything one does with the play time, by mouse and by keyboard.
import { addresses, foreignRequests, recordedPage, secondsShown, signIn, timeSlider } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording, mutation } from '../support/recordings';
import type { Replay, Server } from '../support/server';
import { changeSetting, offsetShown, openPaused, story, storyRecording } from './player-story';

let uploads = 0;

/** A replay that is over: what arrives within a minute still counts as live. */
async function uploadStory(server: Server): Promise<Replay> {
  const start_ms = Date.now() - 3_600_000 - (uploads += 1) * 100_000;
  return server.upload(`visitor-story-${start_ms}`, String(start_ms), storyRecording(start_ms));
}

async function uploadCount(server: Server, seconds: number): Promise<Replay> {
  const start_ms = Date.now() - 7_200_000 - (uploads += 1) * 100_000;
  return server.upload(`visitor-count-${start_ms}`, String(start_ms), countingRecording(start_ms, seconds));
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('plays by itself, pauses, and goes ten seconds by button and key', async ({ page, server }) => {
  const replay = await uploadCount(server, 30);
  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect.poll(() => offsetShown(page), { message: 'plays' }).toBeGreaterThan(1);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.getByRole('button', { name: 'Forward 10 seconds' }).click();
  await expect.poll(() => offsetShown(page), { message: 'forward' }).toBeGreaterThan(11);
  const forward_s = await offsetShown(page);
  await expect(recordedPage(page).getByText(`second ${Math.floor(forward_s)}`, { exact: true })).toBeVisible();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(() => offsetShown(page)).toBeCloseTo(forward_s - 10, 0);
  await expect(recordedPage(page).getByText(`second ${Math.floor(forward_s - 10)}`, { exact: true })).toBeVisible();
  // Backward from the end is one seek as any other.
  await page.keyboard.press('End');
  await expect(recordedPage(page).getByText('second 30', { exact: true })).toBeVisible();
  await page.keyboard.press('3');
  await expect(recordedPage(page).getByText('second 9', { exact: true })).toBeVisible();
});

test('steps from one change of the page to the next, both ways', async ({ page, server }) => {
  const replay = await uploadCount(server, 12);
  await openPaused(page, server.origin, replay.id, 5.5);
  await expect(recordedPage(page).getByText('second 5', { exact: true })).toBeVisible();
  await page.keyboard.press('Alt+ArrowRight');
  await page.keyboard.press('Alt+ArrowRight');
  await expect(recordedPage(page).getByText('second 6', { exact: true })).toBeVisible();
  expect(await offsetShown(page)).toBe(6);
  for (let press = 0; press < 3; press += 1) {
    const before = await offsetShown(page);
    await page.getByRole('button', { name: 'Previous change' }).click();
    await expect.poll(() => offsetShown(page)).toBeLessThan(before);
  }
  await expect(recordedPage(page).getByText('second 4', { exact: true })).toBeVisible();
});

test('speed changes by list and key, and time runs accordingly', async ({ page, server }) => {
  const replay = await uploadCount(server, 60);
  await openPaused(page, server.origin, replay.id, 1);
  await page.getByLabel('Speed').selectOption('16');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expect.poll(() => offsetShown(page), { timeout: 6_000 }).toBeGreaterThan(25);
  await page.getByRole('button', { name: 'Pause' }).click();
  await page.locator('body').press(',');
  await expect(page.getByLabel('Speed')).toHaveValue('8');
  for (const expected of ['4', '2', '1.5', '1', '0.5', '0.25', '0.25']) {
    await page.locator('body').press(',');
    await expect(page.getByLabel('Speed')).toHaveValue(expected);
  }
  await changeSetting(page, () => page.getByLabel('Speed').selectOption('1'));
});

test('time without activity is skipped, or played when that is wanted', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, story.idle_from_s - 0.5);
  await page.locator('body').press('Space');
  await expect.poll(() => offsetShown(page), { timeout: 7_000 }).toBeGreaterThan(story.idle_to_s - 1);
  await changeSetting(page, () => page.locator('body').press('i'));
  await expect(page.getByRole('checkbox', { name: 'Skip idle' }).first()).not.toBeChecked();
  await openPaused(page, server.origin, replay.id, story.idle_from_s + 0.5);
  await page.locator('body').press('Space');
  await page.waitForTimeout(2_500);
  expect(await offsetShown(page)).toBeLessThan(story.idle_from_s + 6);
  await changeSetting(page, () => page.locator('body').press('i'));
});

test('a range is repeated until it is cleared', async ({ page, server }) => {
  const replay = await uploadCount(server, 20);
  await openPaused(page, server.origin, replay.id, 5);
  await page.locator('body').press('(');
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: /go to time/i }).fill('0:07');
  await page.keyboard.press('Enter');
  await expect(recordedPage(page).getByText('second 7', { exact: true })).toBeVisible();
  await page.locator('body').press(')');
  await expect(page.getByText('0:05 – 0:07')).toBeVisible();
  await page.locator('body').press('Space');
  const seen: number[] = [];
  for (let look = 0; look < 25; look += 1) {
    seen.push(await offsetShown(page));
    await page.waitForTimeout(200);
  }
  expect(Math.max(...seen)).toBeLessThan(7.5);
  expect(seen.some((offset, index) => offset < (seen[index - 1] ?? 0) - 1), 'it started again').toBe(true);
  await page.keyboard.press('Escape');
  await expect(page.getByText('0:05 – 0:07')).toBeHidden();
});

test('goes to a time as typed: an offset or the time of day', async ({ page, server }) => {
  const replay = await uploadCount(server, 30);
  await openPaused(page, server.origin, replay.id, 2);
  await page.getByTitle('Go to a time (T)').click();
  await page.getByRole('textbox', { name: /go to time/i }).fill('nonsense');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('textbox', { name: /go to time/i })).toHaveAttribute('aria-invalid', 'true');
  await page.getByRole('textbox', { name: /go to time/i }).fill('0:21');
  await page.keyboard.press('Enter');
  await expect(recordedPage(page).getByText('second 21', { exact: true })).toBeVisible();
  await expect(page).toHaveURL(/[?&]t=21(&|$)/);
});

for (const [size, padding, states] of [['long', 30_000, 1], ['small', 0, 0]] as const) {
  test(`in a ${size} recording, backward asks for ${states} states, a short way forward for none`, async ({ page, server }) => {
    const start_ms = Date.now() - 7_200_000 - (uploads += 1) * 100_000;
    const pad = Array.from({ length: 50 }, (_, second) => ({ type: 5, timestamp: start_ms + second * 1000 + 500, data: { tag: 'pad', payload: 'x'.repeat(padding) } }));
    const events = [...countingRecording(start_ms, 50), ...pad].sort((a, b) => a.timestamp - b.timestamp);
    const replay = await server.upload(`visitor-seek-${start_ms}`, String(start_ms), events);
    await openPaused(page, server.origin, replay.id, 2);
    await expect(recordedPage(page).getByText('second 2', { exact: true })).toBeVisible();
    await page.waitForLoadState('networkidle');
    const asked: string[] = [];
    page.on('request', (request) => {
      const { pathname, search } = new URL(request.url());
      if (pathname.endsWith('/playback') && search.includes('at=')) asked.push(search);
    });
    await page.keyboard.press('ArrowRight');
    await expect(recordedPage(page).getByText('second 12', { exact: true })).toBeVisible();
    expect(asked).toEqual([]);
    await page.keyboard.press('Home');
    await expect(recordedPage(page).getByText('second 0', { exact: true })).toBeVisible();
    expect(asked).toHaveLength(states);
  });
}

test('what the stage shows is what the recording says, however one got there', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 15.6);
  const shown = () => recordedPage(page).locator('body').innerText();
  await expect(recordedPage(page).getByText('cart 15', { exact: true })).toBeVisible();
  const sought = await shown();
  await page.keyboard.press('Home');
  await expect(recordedPage(page).getByText('waiting')).toBeVisible();
  await page.getByLabel('Speed').selectOption('8');
  await page.locator('body').press('Space');
  await expect.poll(() => offsetShown(page)).toBeGreaterThan(15.6);
  await page.locator('body').press('Space');
  await page.keyboard.press('t');
  await page.getByRole('textbox', { name: /go to time/i }).fill('0:15.6');
  await page.keyboard.press('Enter');
  await expect.poll(shown).toBe(sought);
  await changeSetting(page, () => page.getByLabel('Speed').selectOption('1'));
});

test('masked, blocked, pointer and its trail', async ({ page, server }) => {
  const replay = await uploadStory(server);
  await openPaused(page, server.origin, replay.id, 3);
  await expect(recordedPage(page).getByText('****** ****')).toBeVisible();
  const blocked = recordedPage(page).locator('.blocked');
  await expect(blocked).toHaveCSS('width', '200px');
  expect(await blocked.evaluate((box) => getComputedStyle(box).backgroundImage)).toContain('repeating-linear-gradient');
  const stage = page.frameLocator('iframe[title="Recorded page"]');
  const redPixels = () =>
    stage.locator('canvas.overlay').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data;
      let red = 0;
      for (let index = 0; index < data.length; index += 4) if (data[index]! > 150 && data[index + 3]! > 20) red += 1;
      return red;
    });
  await page.locator('body').press('Space');
  await expect.poll(redPixels, { message: 'a trail is drawn' }).toBeGreaterThan(10);
  await page.getByRole('button', { name: 'More controls' }).click();
  await page.getByRole('checkbox', { name: 'Pointer trail' }).uncheck();
  await page.keyboard.press('Escape');
  await page.locator('body').press('Home');
  await expect.poll(redPixels, { message: 'no trail when it is off' }).toBe(0);
  await page.getByRole('button', { name: 'More controls' }).click();
  await changeSetting(page, () => page.getByRole('checkbox', { name: 'Pointer trail' }).check());
});

test('a running visit grows, and is followed at its edge', async ({ page, context, server }) => {
  const start_ms = Date.now() - 20_000;
  const deviceId = `visitor-grows-${start_ms}`;
  const all = countingRecording(start_ms, 15);
  const replay = await server.upload(deviceId, String(start_ms), all);
  const foreign = foreignRequests(context, server.origin);
  await openPaused(page, server.origin, replay.id, 3);
  await page.getByRole('button', { name: 'Follow', exact: true }).click();
  await expect(recordedPage(page).getByText(/^second 1[45]$/)).toBeVisible();
  const count_id = (all.find((event) => event.type === 3 && event.data.source === 0)!.data.texts as { id: number }[])[0]!.id;
  await server.upload(deviceId, String(start_ms), [mutation(start_ms + 17_000, { texts: [{ id: count_id, value: 'just arrived' }] })]);
  await expect(recordedPage(page).getByText('just arrived')).toBeVisible({ timeout: 20_000 });
  expect(addresses(foreign)).toEqual([]);
});

test('full width, panels below, and full screen', async ({ page, server }) => {
  const replay = await uploadCount(server, 10);
  await openPaused(page, server.origin, replay.id, 2);
  const width = async () => (await page.locator('iframe[title="Recorded page"]').boundingBox())!.width;
  const beside = await width();
  await page.getByRole('button', { name: 'Panels', exact: true }).click();
  await expect.poll(width).toBeGreaterThan(beside + 200);
  await page.locator('body').press('v');
  await expect.poll(width).toBeLessThan(beside + 50);
  await page.locator('body').press('v');
  await expect(page.locator('[data-layout=bottom]')).toBeVisible();
  await page.locator('body').press('v');
  await page.locator('body').press('v');
  const divider = page.getByRole('separator', { name: 'Size of the panels' });
  await divider.focus();
  const before = await width();
  await page.keyboard.press('ArrowLeft');
  await expect.poll(width).toBe(before - 16);
  await page.keyboard.press('Enter');
});

test('the timeline by keyboard and its value in words', async ({ page, server }) => {
  const replay = await uploadCount(server, 40);
  await openPaused(page, server.origin, replay.id, 2);
  await timeSlider(page).focus();
  await page.keyboard.press('ArrowRight');
  await expect.poll(() => secondsShown(page)).toBe(7);
  await page.keyboard.press('PageUp');
  await expect.poll(() => secondsShown(page)).toBe(37);
  await expect(timeSlider(page)).toHaveAttribute('aria-valuetext', /^37 seconds of 4\d seconds$|^37 seconds of 40 seconds$/);
  await page.keyboard.press('Home');
  await expect.poll(() => secondsShown(page)).toBe(0);
});
