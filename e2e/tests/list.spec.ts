// The list: rows, keys, peek, seen marks, columns, pages and its empty states.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';

test.beforeEach(({ context, server }) => signIn(context, server));

async function uploadVisits(server: any, name: string, count: number): Promise<{ id: string; deviceId: string }[]> {
  const visits = [];
  // A moment apart, so that no visit of another test is between them.
  const start_ms = Date.now() - 90_000;
  for (let visit = 0; visit < count; visit += 1) {
    const deviceId = `visitor-${name}-${visit}-${start_ms}`;
    const { id } = await server.upload(deviceId, String(start_ms + visit), countingRecording(start_ms + visit, 4));
    visits.push({ id, deviceId });
  }
  return visits;
}

test('keys move, select, peek and open; the row is found again on the way back', async ({ page, context, server }) => {
  const [older, newer] = await uploadVisits(server, 'keys', 2);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.origin}/replays`);
  const row = (deviceId: string) => page.getByRole('table').getByRole('link', { name: deviceId });
  await expect(row(older!.deviceId)).toBeVisible();
  await row(newer!.deviceId).focus();

  const peek = page.getByRole('complementary', { name: 'Peek' });
  await expect(peek).toContainText(newer!.deviceId);
  await page.keyboard.press('j');
  await expect(row(older!.deviceId)).toBeFocused();
  await expect(peek).toContainText(older!.deviceId);
  await page.keyboard.press('p');
  await expect(peek).toHaveCount(0);
  await page.keyboard.press('Space');
  await row(newer!.deviceId).hover();
  await expect(peek).toContainText(newer!.deviceId);

  await page.keyboard.press('x');
  await page.keyboard.press('k');
  await page.keyboard.press('x');
  await expect(page.getByRole('toolbar')).toContainText('2 replays selected');
  await page.getByRole('button', { name: 'Copy links' }).click();
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(older!.id);
  await row(newer!.deviceId).focus();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('toolbar')).toHaveCount(0);

  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/replays/${older!.id}`));
  await page.goBack();
  await expect(row(older!.deviceId)).toBeFocused();
});

test('seen marks: set, shown, and filtered by', async ({ page, server }) => {
  const [visit] = await uploadVisits(server, 'seen', 1);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.origin}/replays`);
  const table = page.getByRole('table');
  const link = table.getByRole('link', { name: visit!.deviceId });
  const cell = table.getByRole('cell').filter({ has: page.getByRole('link', { name: visit!.deviceId }) });
  await expect(cell).toContainText('Not seen');
  await link.focus();
  const peek = page.getByRole('complementary', { name: 'Peek' });
  await peek.getByRole('button', { name: 'Mark seen' }).click();
  await expect(cell).not.toContainText('Not seen');
  await page.getByRole('button', { name: 'Unseen', exact: true }).click();
  await expect(page).toHaveURL(/unseen=true/);
  await expect(link).toHaveCount(0);
  await page.reload();
  await expect(link).toHaveCount(0);
  await page.goBack();
  await expect(link).toBeVisible();
  await expect(cell).not.toContainText('Not seen');
});

test('columns are chosen, are in the address, and stay', async ({ page, server }) => {
  await uploadVisits(server, 'columns', 1);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.origin}/replays`);
  const heads = page.getByRole('columnheader');
  await expect(heads.filter({ hasText: 'Events' })).toHaveCount(0);
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Events' }).check();
  await page.getByRole('checkbox', { name: 'Duration' }).uncheck();
  await expect(page).toHaveURL(/columns=[\w.]*events/);
  await expect(heads.filter({ hasText: 'Events' })).toBeVisible();
  await page.goto(`${server.origin}/replays`);
  await expect(heads.filter({ hasText: 'Events' })).toBeVisible();
  await expect(heads.filter({ hasText: 'Duration' })).toHaveCount(0);
});

test('a period without replays offers all times; the period is in the address', async ({ page, server }) => {
  await uploadVisits(server, 'period', 1);
  await page.goto(`${server.origin}/replays?from=2020-01-01&to=2020-01-02`);
  await expect(page.getByText('No replay in this period.')).toBeVisible();
  await page.getByRole('link', { name: 'Show all times' }).click();
  await expect(page.getByRole('table')).toBeVisible();
  await page.getByRole('link', { name: '7 days' }).click();
  await expect(page).toHaveURL(/range=7d/);
  await page.goBack();
  await page.goBack();
  await expect(page.getByText('No replay in this period.')).toBeVisible();
});

test('more than a page: older, newer, and only rows in sight are in the document', async ({ page, server }) => {
  test.slow();
  const start_ms = Date.now() - 80_000;
  for (let visit = 0; visit < 104; visit += 1) {
    await server.upload(`visitor-many-${visit}`, `${start_ms}`, countingRecording(start_ms + visit * 10, 1));
  }
  await page.goto(`${server.origin}/replays`);
  const table = page.getByRole('table');
  await expect(table).toHaveAttribute('aria-rowcount', '101');
  expect(await table.getByRole('link').count()).toBeLessThan(60);
  // The last row is reached by keyboard although it was not drawn at first.
  await table.locator('[data-row]').first().focus();
  for (let step = 0; step < 99; step += 1) await page.keyboard.press('j');
  await expect(table.locator('tr[aria-rowindex="101"]').getByRole('link')).toBeFocused();
  await page.getByRole('link', { name: 'Older' }).click();
  await expect(page).toHaveURL(/cursor=/);
  await expect(table).not.toHaveAttribute('aria-rowcount', '101');
  await page.getByRole('link', { name: 'Newer' }).click();
  await expect(table).toHaveAttribute('aria-rowcount', '101');
});

test('a failed request keeps the rows and says so', async ({ page, server }) => {
  const [visit] = await uploadVisits(server, 'failing', 1);
  await page.goto(`${server.origin}/replays`);
  const link = page.getByRole('table').getByRole('link', { name: visit!.deviceId });
  await expect(link).toBeVisible();
  await page.route('**/api/v1/replays?*', (route) =>
    route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'The catalogue could not be read.', request_id: 'r-1' } } }),
  );
  await page.getByRole('link', { name: '30 days' }).click();
  await expect(page.getByRole('alert')).toContainText('r-1');
  await expect(link).toBeVisible();
  await page.unroute('**/api/v1/replays?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(link).toBeVisible();
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`the list is accessible, ${colorScheme}`, async ({ page, server }) => {
    const [visit] = await uploadVisits(server, `axe-${colorScheme}`, 1);
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 400]) {
      await page.setViewportSize({ width, height: 860 });
      await page.goto(`${server.origin}/replays`);
      await expect(page.getByRole('table').getByRole('link', { name: visit!.deviceId })).toBeVisible();
      await expectClean(page, `list at ${width}`);
      await page.keyboard.press('j');
      await page.keyboard.press('x');
      await expect(page.getByRole('toolbar')).toBeVisible();
      await expectClean(page, `list with a selection at ${width}`);
    }
  });
}
