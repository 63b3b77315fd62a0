// The past week at a glance, and playing without leaving the page.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';

test.beforeEach(({ context, server }) => signIn(context, server));

test('sessions of the week play in a dialog, by pointer and by keyboard', async ({ page, server }) => {
  // Days ago, where no other test puts a replay between the two.
  const start_ms = Date.now() - 3 * 86_400_000;
  const first = `visitor-home-a-${start_ms}`;
  const second = `visitor-home-b-${start_ms}`;
  await server.upload(first, String(start_ms), countingRecording(start_ms, 8));
  const newer = await server.upload(second, String(start_ms + 1), countingRecording(start_ms + 20_000, 8));
  const today = `visitor-home-today-${start_ms}`;
  await server.upload(today, today, countingRecording(Date.now() - 60_000, 1));
  await page.goto(server.origin);
  await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
  await expect(page.getByRole('link', { name: first })).toBeVisible();

  await page.getByRole('link', { name: second }).click();
  const dialog = page.getByRole('dialog', { name: 'Replay' });
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`play=${newer.id}`));
  // The keys are the player's now, not those of the page below.
  await expect(dialog.getByRole('button', { name: 'Pause' })).toBeVisible();
  await page.keyboard.press('End');
  await expect(dialog.frameLocator('iframe[title="Recorded page"]').frameLocator('iframe').getByText('second 8', { exact: true })).toBeVisible();
  // Back closes it as the button does; the tile keeps the focus.
  await page.goBack();
  await expect(dialog).toHaveCount(0);

  await page.getByRole('link', { name: second }).focus();
  await page.keyboard.press('j');
  await expect(page.getByRole('link', { name: first })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeVisible();
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(page).toHaveURL(new RegExp(`play=${newer.id}`));
  await page.getByRole('button', { name: 'Close' }).last().click();
  await expect(dialog).toHaveCount(0);
  await expect(page).not.toHaveURL(/play=/);
});

test('numbers of the week are those of the server and lead to the list', async ({ page, server }) => {
  const start_ms = Date.now() - 60_000;
  await server.upload(`visitor-numbers-${start_ms}`, String(start_ms), countingRecording(start_ms, 3));
  await page.goto(server.origin);
  const me = await (await page.request.get(`${server.origin}/api/v1/me`)).json();
  const summary = await (await page.request.get(`${server.origin}/api/v1/summary?project_id=${me.projects[0].id}&range=7d`)).json();
  const numbers = page.getByRole('region', { name: 'The past 7 days in numbers' });
  await expect(numbers.getByRole('link')).toContainText(String(summary.replay_count));
  await expect(numbers.getByRole('img', { name: /Replays per day/ })).toBeVisible();
  await numbers.getByRole('link').click();
  await expect(page).toHaveURL(/\/replays\?range=7d/);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`home is accessible, ${colorScheme}`, async ({ page, server }) => {
    const start_ms = Date.now() - 60_000;
    await server.upload(`visitor-home-axe-${start_ms}`, String(start_ms), countingRecording(start_ms, 3));
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 400]) {
      await page.setViewportSize({ width, height: 860 });
      await page.goto(server.origin);
      await expect(page.getByRole('heading', { name: 'Today' })).toBeVisible();
      await expectClean(page, `home at ${width}`);
    }
  });
}
