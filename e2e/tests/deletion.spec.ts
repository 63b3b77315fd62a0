// Deleting replays and users, retention, and what is shown of a replay that is gone.
import type { Page } from '@playwright/test';
import { recordedPage, signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, testAlone as test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { identify } from '../support/reports';
import type { Server } from '../support/server';

test.beforeEach(({ context, server }) => signIn(context, server));

const record = (server: Server, device: string) => {
  const start_ms = Date.now() - 60_000;
  return server.upload(device, String(start_ms), countingRecording(start_ms, 3));
};

async function expectCleanInBothThemes(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectClean(page, `${what}, ${colorScheme}`);
  }
}

test('a replay is deleted from its menu, and its address says so', async ({ page, server }) => {
  const device = `deleted-${Date.now()}`;
  const replay = await record(server, device);
  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(recordedPage(page).getByText(/^second \d+$/)).toBeVisible();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Delete replay' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete this replay?' });
  await expect(dialog).toContainText('the events, errors and spans of this session');
  await expectCleanInBothThemes(page, 'the dialog');
  // Enter on what has the focus keeps it.
  await expect(dialog.getByRole('button', { name: 'Keep' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog).toBeHidden();
  expect(await server.replaysOf(device)).toHaveLength(1);

  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Delete replay' }).click();
  await page.keyboard.press('Tab');
  await expect(dialog.getByRole('button', { name: 'Delete for good' })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('status')).toContainText('Deleted: 1 replay');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(page).toHaveURL(/\/replays(\?|$)/);
  await expect(page.getByRole('link', { name: device })).toHaveCount(0);
  expect(await server.replaysOf(device)).toHaveLength(0);

  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(page.getByRole('heading', { name: 'This replay was deleted' })).toBeVisible();
  await expectCleanInBothThemes(page, 'a deleted replay');
  await page.getByRole('link', { name: 'All replays' }).click();
  await expect(page).toHaveURL(/\/replays$/);
});

test('a selection of the list is deleted, and the page of deletions knows', async ({ page, server }) => {
  const devices = ['one', 'two', 'three'].map((name) => `list-${name}-${Date.now()}`);
  for (const device of devices) await record(server, device);
  await page.goto(`${server.origin}/replays`);
  for (const device of devices.slice(0, 2)) {
    await page.getByRole('link', { name: device }).focus();
    await page.keyboard.press('x');
  }
  await page.getByRole('toolbar', { name: 'Selected replays' }).getByRole('button', { name: 'Delete' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete 2 replays?' });
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(dialog.getByRole('status')).toContainText('Deleted: 2 replays');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('link', { name: devices[0] })).toHaveCount(0);
  await expect(page.getByRole('link', { name: devices[2] })).toBeVisible();

  await page.goto(`${server.origin}/settings`);
  await page.getByRole('link', { name: 'Deletions' }).click();
  const jobs = page.getByRole('table', { name: 'Deletions' });
  await expect(jobs.getByRole('row').nth(1)).toContainText('Replays');
  await expect(jobs.getByRole('row').nth(1)).toContainText('Done');
  await expect(jobs.getByRole('row').nth(1)).toContainText('2 replays');
  await expect(jobs.getByRole('row').nth(1)).toContainText('You');
  const audit = page.getByRole('table', { name: 'Audit' });
  await expect(audit.getByRole('row').nth(1)).toContainText('Replays deleted');
  await expect(page.getByText(devices[0]!)).toHaveCount(0);
  await expectCleanInBothThemes(page, 'the page of deletions');
});

test('all that match a search are deleted but what is pinned', async ({ page, server }) => {
  const mark = `match-${Date.now()}`;
  // Long ago, or they would count as being recorded.
  const start_ms = Date.now() - 3_600_000;
  for (const name of ['one', 'two', 'three']) {
    await server.upload(`${mark}-${name}`, String(start_ms), countingRecording(start_ms, 3));
  }
  const other = `other-${mark}`;
  await record(server, other);
  const [pinned] = await server.replaysOf(`${mark}-three`);
  const filter = `device contains ${mark}-`;
  await page.goto(`${server.origin}/replays/${pinned!.id}`);
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Keep it (pin)' }).click();
  await expect(page.getByRole('button', { name: 'Let it expire' })).toBeVisible();

  // Without a search there is nothing that matches.
  await page.goto(`${server.origin}/replays`);
  await page.getByRole('link', { name: `${mark}-one` }).focus();
  await page.keyboard.press('x');
  const bar = page.getByRole('toolbar', { name: 'Selected replays' });
  await expect(bar.getByRole('button', { name: 'Delete', exact: true })).toBeVisible();
  await expect(bar.getByRole('button', { name: 'Delete all that match' })).toHaveCount(0);

  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(filter)}`);
  await expect(page.getByText('3 replays match')).toBeVisible();
  await page.getByRole('link', { name: `${mark}-one` }).focus();
  await page.keyboard.press('x');
  await bar.getByRole('button', { name: 'Delete all that match' }).click();
  const dialog = page.getByRole('dialog', { name: 'Delete all 2 replays that match?' });
  await expect(dialog.getByText('1 replay pinned')).toBeVisible();
  await expectCleanInBothThemes(page, 'deleting all that match');

  // One more came since: what was confirmed is not what would go.
  await server.upload(`${mark}-four`, String(start_ms), countingRecording(start_ms, 3));
  await expect
    .poll(async () => (await server.get<{ total: number }>(`/api/v1/replays?filter=${encodeURIComponent(filter)}`)).total)
    .toBe(4);
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(dialog.getByRole('alert')).toContainText('the search finds 3 replays now, not 2');
  await dialog.getByRole('button', { name: 'Keep' }).click();
  expect(await server.replaysOf(`${mark}-one`)).toHaveLength(1);

  await bar.getByRole('button', { name: 'Delete all that match' }).click();
  const again = page.getByRole('dialog', { name: 'Delete all 3 replays that match?' });
  await again.getByRole('button', { name: 'Delete for good' }).click();
  await expect(again.getByRole('status')).toContainText('Deleted: 3 replays');
  await again.getByRole('button', { name: 'Close' }).click();
  await expect(page.getByRole('link', { name: `${mark}-one` })).toHaveCount(0);
  await expect(page.getByRole('link', { name: `${mark}-three` })).toBeVisible();
  expect(await server.replaysOf(other)).toHaveLength(1);
});

test('a user is deleted from their page', async ({ page, server }) => {
  const user = `user-${Date.now()}`;
  await identify(server, user);
  await page.goto(`${server.origin}/users`);
  await page.getByRole('link', { name: user }).first().click();
  await page.getByRole('button', { name: 'Delete user' }).click();
  const dialog = page.getByRole('dialog', { name: /^Delete .*\?$/ });
  await expect(dialog).toContainText('all their events and errors');
  await expectCleanInBothThemes(page, 'the dialog of a user');
  await dialog.getByRole('button', { name: 'Delete for good' }).click();
  await expect(dialog.getByRole('status')).toContainText('1 person');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect(page).toHaveURL(/\/users(\?|$)/);
  await expect(page.getByRole('link', { name: user })).toHaveCount(0);
});

test('retention is changed and applied to what is kept, and a replay is pinned', async ({ page, server }) => {
  const device = `kept-${Date.now()}`;
  const replay = await record(server, device);
  await page.goto(`${server.origin}/settings/project`);
  const form = page.getByRole('form', { name: 'How long it is kept' });
  await expect(form.getByLabel('Days')).toHaveValue('30');
  await form.getByLabel('Days').fill('0');
  await expect(form.getByRole('button', { name: 'Save' })).toBeDisabled();
  await form.getByLabel('Days').fill('7');
  await page.keyboard.press('Enter');
  await expect(form.getByRole('status')).toHaveText('Saved');
  const end = async () => {
    const { received_at, expires_at } = await server.get<{ received_at: string; expires_at: string | null }>(`/api/v1/replays/${replay.id}`);
    return expires_at === null ? null : Math.round((Date.parse(expires_at) - Date.parse(received_at)) / 86_400_000);
  };
  expect(await end()).toBe(30);

  const apply = async () => {
    await form.getByRole('button', { name: 'Apply to what is kept' }).click();
    const dialog = page.getByRole('dialog', { name: /^Give everything that is kept 7 days/ });
    await expectCleanInBothThemes(page, 'applying a retention');
    await page.keyboard.press('Tab');
    await expect(dialog.getByRole('button', { name: 'Apply' })).toBeFocused();
    await page.keyboard.press('Enter');
  };
  await apply();
  await expect(form.getByRole('status')).toHaveText(/^\d+ replays? ha(s|ve) another end now$/);
  expect(await end()).toBe(7);
  await apply();
  await expect(form.getByRole('status')).toHaveText('Every replay had this end already');
  await page.reload();
  await expect(form.getByLabel('Days')).toHaveValue('7');
  await expectCleanInBothThemes(page, 'the settings of a project');

  await page.goto(`${server.origin}/replays/${replay.id}`);
  await expect(recordedPage(page).getByText(/^second \d+$/)).toBeVisible();
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Keep it (pin)' }).click();
  await expect(page.getByRole('button', { name: 'Let it expire' })).toBeVisible();
  expect(await end()).toBe(null);
  await page.goto(`${server.origin}/settings/deletions`);
  const audit = page.getByRole('table', { name: 'Audit' });
  await expect(audit.getByRole('row').nth(1)).toContainText('A replay pinned');
  await expect(audit).toContainText('Retention changed');
});

test('an expired replay says how long it was kept', async ({ page, server }) => {
  // No replay expires within a test: the answer is as the server's own tests have it.
  const error = { code: 'replay_expired', message: 'this replay has expired', gone_at: '2026-01-05T08:00:00Z', retention_days: 7, request_id: 'r1' };
  await page.route('**/api/v1/replays/aaaaaaaaaaaaaaaaaaaaaaaaaa/**', (route) => route.fulfill({ status: 410, json: { error } }));
  await page.goto(`${server.origin}/replays/aaaaaaaaaaaaaaaaaaaaaaaaaa`);
  await expect(page.getByRole('heading', { name: 'This replay has expired' })).toBeVisible();
  await expect(page.getByText('Its project kept it for 7 days', { exact: false })).toBeVisible();
  await expectCleanInBothThemes(page, 'an expired replay');
});
