// Saved searches and cohorts: made from the list and from a file, used in filters, by keyboard and
// by address, in both themes.
import type { Page } from '@playwright/test';
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { credentials, type Server } from '../support/server';

async function expectCleanInBothThemes(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectClean(page, `${what}, ${colorScheme}`);
  }
}

/** A replay of somebody who bought something. */
async function buyer(server: Server, user_id: string, start_ms: number): Promise<void> {
  await server.upload(`device of ${user_id}`, String(start_ms), countingRecording(start_ms, 3));
  const event = { event_type: 'Bought', device_id: `device of ${user_id}`, user_id, session_id: start_ms, time: start_ms + 1_000, insert_id: user_id };
  const answer = await fetch(`${server.origin}/2/httpapi`, { method: 'POST', body: JSON.stringify({ api_key: credentials.ingestKey, events: [event] }) });
  expect(answer.status).toBe(200);
  await expect
    .poll(async () => (await server.get<{ total: number }>(`/api/v1/replays?filter=${encodeURIComponent(`user = "${user_id}" and event(Bought)`)}`)).total, { timeout: 30_000 })
    .toBe(1);
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('a search is saved, opened, renamed and deleted', async ({ page, server }) => {
  const start_ms = Date.now() - 60_000;
  await server.upload(`saved-${start_ms}`, String(start_ms), countingRecording(start_ms, 3));
  const filter = `device = saved-${start_ms}`;
  await page.goto(`${server.origin}/replays?range=7d&sort=duration&filter=${encodeURIComponent(filter)}`);
  const menu = page.getByRole('group', { name: 'Saved searches' });
  const open = () => page.getByRole('button', { name: 'Saved searches' }).click();
  await open();
  await expect(menu.getByText('No search is saved yet.')).toBeVisible();
  await menu.getByLabel('Name of this search').fill('Slow ones');
  await page.keyboard.press('Enter');
  await expect(menu.getByText('Saved “Slow ones”')).toBeVisible();
  await expectCleanInBothThemes(page, 'the menu of saved searches');

  await page.goto(`${server.origin}/replays`);
  await open();
  await menu.getByRole('link', { name: 'Slow ones' }).click();
  await expect.poll(() => new URL(page.url()).search).toContain('sort=duration');
  expect(new URL(page.url()).searchParams.get('filter')).toBe(filter);
  expect(new URL(page.url()).searchParams.get('range')).toBe('7d');
  await expect(page.getByRole('link', { name: `saved-${start_ms}` })).toBeVisible();

  await open();
  await menu.getByRole('button', { name: 'Rename Slow ones' }).click();
  await menu.getByLabel('New name of Slow ones').fill('Slower ones');
  await page.keyboard.press('Enter');
  await expect(menu.getByRole('link', { name: 'Slower ones' })).toBeVisible();
  await menu.getByRole('button', { name: 'Delete Slower ones' }).click();
  await menu.getByRole('button', { name: 'Delete, with its alerts' }).click();
  await expect(menu.getByText('No search is saved yet.')).toBeVisible();
});

test('a cohort is made of a list of replays and asked for in the filter', async ({ page, server }) => {
  const start_ms = Date.now() - 50_000;
  const user = `buyer-${start_ms}`;
  await buyer(server, user, start_ms);
  await page.goto(`${server.origin}/cohorts`);
  await expect(page.getByText('A cohort is a group of users', { exact: false })).toBeVisible();
  await expectCleanInBothThemes(page, 'no cohorts');

  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent('event(Bought)')}`);
  await page.getByRole('button', { name: 'Saved searches' }).click();
  await page.getByRole('link', { name: 'Make a cohort of these users' }).click();
  const form = page.getByRole('region', { name: 'New cohort' });
  await expect(form.getByRole('button', { name: 'event(Bought)', exact: true })).toBeVisible();
  await expectCleanInBothThemes(page, 'the form of a cohort');
  await form.getByLabel('Name').fill('Buyers');
  await form.getByRole('button', { name: 'Text' }).click();
  await form.getByLabel('Filter as text').fill('event(Bought');
  await form.getByRole('button', { name: 'Make cohort' }).click();
  await expect(form.getByRole('alert')).toContainText('expected');
  await form.getByLabel('Filter as text').fill('event(Bought)');
  // A text that is still open counts.
  await form.getByRole('button', { name: 'Make cohort' }).click();
  const cohort = page.getByRole('region', { name: 'Buyers' });
  await expect(cohort.getByRole('cell', { name: user })).toBeVisible();
  await expect(cohort.getByText('1 user', { exact: true })).toBeVisible();
  await expectCleanInBothThemes(page, 'a cohort');
  await page.reload();
  await expect(cohort.getByRole('cell', { name: user })).toBeVisible();
  const download = page.waitForEvent('download');
  await cohort.getByRole('link', { name: 'Download CSV' }).click();
  expect((await download).suggestedFilename()).toMatch(/^cohort-\d+\.csv$/);

  await cohort.getByRole('link', { name: 'Replays' }).click();
  await expect(page.getByText('1 replay matches')).toBeVisible();
  expect(new URL(page.url()).searchParams.get('filter')).toBe('cohort("Buyers")');
});

test('the filter of a cohort is changed by the form of the list, as text and as a form', async ({ page, server }) => {
  const start_ms = Date.now() - 30_000;
  const user = `changed-${start_ms}`;
  await buyer(server, user, start_ms);
  await page.goto(`${server.origin}/cohorts?new=filter`);
  const made = page.getByRole('region', { name: 'New cohort' });
  await made.getByLabel('Name').fill('Changed');
  // What was typed and not confirmed is a condition, too.
  await made.getByRole('combobox', { name: 'Add a condition' }).fill('event(Bought)');
  await made.getByLabel('Name').focus();
  await page.keyboard.press('Enter');
  const cohort = page.getByRole('region', { name: 'Changed', exact: true });
  await expect(cohort.getByRole('cell', { name: user })).toBeVisible();

  await cohort.getByRole('button', { name: 'Change filter' }).click();
  await expect(cohort.getByRole('combobox', { name: 'Add a condition' })).toBeFocused();
  await cohort.getByRole('button', { name: 'Form', exact: true }).click();
  const form = page.getByRole('dialog', { name: 'Filter' });
  await expect(form.getByText('event(Bought)', { exact: true })).toBeVisible();
  await expectCleanInBothThemes(page, 'the form of a cohort that is changed');
  await form.getByRole('button', { name: 'Cancel' }).click();
  await cohort.getByRole('button', { name: 'Text' }).click();
  await cohort.getByLabel('Filter as text').fill('event(Bought) and device = nobody');
  await cohort.getByRole('button', { name: 'Use it' }).click();
  await expect(cohort.getByRole('button', { name: 'device = nobody', exact: true })).toBeVisible();
  await cohort.getByRole('button', { name: 'Save filter' }).click();
  await expect(cohort.getByText('event(Bought) and device = nobody', { exact: true })).toBeVisible();
  await expect(cohort.getByText('Nobody is in it.')).toBeVisible();

  // Back to what it was, by taking a condition out of the form.
  await cohort.getByRole('button', { name: 'Change filter' }).click();
  await cohort.getByRole('button', { name: 'Remove device = nobody' }).click();
  await cohort.getByRole('button', { name: 'Save filter' }).click();
  await expect(cohort.getByRole('cell', { name: user })).toBeVisible();
  await page.reload();
  await expect(cohort.getByText('event(Bought)', { exact: true })).toBeVisible();
});

test('a cohort from a file says who is not known, and is replaced and deleted', async ({ page, server }) => {
  const start_ms = Date.now() - 40_000;
  const user = `listed-${start_ms}`;
  await buyer(server, user, start_ms);
  const file = (text: string) => ({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
  await page.goto(`${server.origin}/cohorts?new=list`);
  await page.getByLabel('Name').fill('Listed');
  await page.getByLabel('File').setInputFiles(file('user_id\nbad\u0007\n'));
  await page.getByRole('button', { name: 'Make cohort' }).click();
  await expect(page.getByRole('alert')).toContainText('line 2');
  await page.getByLabel('File').setInputFiles(file(`user_id\n${user}\nstranger\n`));
  await page.getByRole('button', { name: 'Make cohort' }).click();
  const cohort = page.getByRole('region', { name: 'Listed' });
  await expect(cohort.getByRole('link', { name: user })).toBeVisible();
  await cohort.getByText('1 line of the list without a known user').click();
  await expect(cohort.getByText('stranger')).toBeVisible();
  await expectCleanInBothThemes(page, 'a list');
  await cohort.getByLabel('Replace the list').setInputFiles(file('nobody\nnobody\n'));
  await expect(cohort.getByText('2 lines read, 1 of them double.')).toBeVisible();
  await expect(cohort.getByText('Nobody is in it.')).toBeVisible();
  await cohort.getByRole('button', { name: 'Delete' }).click();
  await cohort.getByRole('button', { name: 'Delete for good' }).click();
  await expect(cohort).toHaveCount(0);
});
