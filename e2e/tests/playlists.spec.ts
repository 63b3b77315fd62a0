// Playlists: filled from the list and from the player, ordered, noted, played through.
import { recordedPage, signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('a playlist is filled, ordered and played through', async ({ page, server }) => {
  const start_ms = Date.now() - 90_000;
  const devices = ['one', 'two', 'three'].map((name) => `${name}-${start_ms}`);
  const replays = [];
  for (const [at, device] of devices.entries()) replays.push(await server.upload(device, String(start_ms + at), countingRecording(start_ms + at, 3)));
  await page.goto(`${server.origin}/playlists`);
  await expect(page.getByText('A playlist is a list of replays in your order', { exact: false })).toBeVisible();

  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device in ("${devices[0]}", "${devices[1]}")`)}`);
  for (const device of devices.slice(0, 2)) {
    await page.getByRole('link', { name: device }).focus();
    await page.keyboard.press('x');
  }
  await page.getByRole('toolbar', { name: 'Selected replays' }).getByRole('button', { name: 'Add to playlist' }).click();
  const dialog = page.getByRole('dialog', { name: 'Add to playlist' });
  await dialog.getByLabel('Name of a new playlist').fill('Checkout');
  await page.keyboard.press('Enter');
  await expect(dialog.getByText('2 replays added to “Checkout”')).toBeVisible();
  await expectClean(page, 'the dialog');
  await dialog.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${server.origin}/replays/${replays[2]!.id}`);
  await expect(recordedPage(page).getByText(/^second \d+$/)).toBeVisible();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Add to playlist' }).click();
  await dialog.getByRole('button', { name: 'Checkout' }).click();
  await expect(dialog.getByText('1 replay added to “Checkout”')).toBeVisible();
  await dialog.getByRole('button', { name: 'Checkout' }).click();
  await expect(dialog.getByText('“Checkout” has them already')).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();

  await page.goto(`${server.origin}/playlists`);
  await page.getByRole('link', { name: 'Checkout' }).click();
  const table = page.getByRole('table', { name: 'Replays of the playlist' });
  const names = () => table.locator('a[data-replay]').allTextContents();
  await expect.poll(async () => (await names()).length).toBe(3);
  await table.getByRole('button', { name: `Move ${devices[2]} up` }).click();
  await expect.poll(async () => (await names()).indexOf(devices[2]!)).toBe(1);
  await table.getByLabel(`Note on ${devices[2]}`).fill('here it breaks');
  await page.keyboard.press('Tab');
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectClean(page, `a playlist, ${colorScheme}`);
  }
  await expect(async () => {
    await page.reload();
    await expect(table.getByLabel(`Note on ${devices[2]}`)).toHaveValue('here it breaks', { timeout: 2_000 });
  }).toPass();
  const order = await names();
  expect(order[1]).toBe(devices[2]);

  await page.getByRole('link', { name: 'Play all' }).click();
  for (const device of order) {
    await expect(page.getByRole('heading', { level: 1, name: device })).toBeVisible();
    if (device !== order.at(-1)) await page.keyboard.press(']');
  }
  await page.keyboard.press('[');
  await expect(page.getByRole('heading', { level: 1, name: order[1]! })).toBeVisible();

  await page.goBack();
  await page.goto(`${server.origin}/playlists?playlist=99999`);
  await expect(page.getByText('This playlist does not exist', { exact: false })).toBeVisible();
});
