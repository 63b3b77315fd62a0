// The pages of issues and users: by address, by keyboard, in both themes, and when there
// is nothing or something goes wrong.
import type { Page } from '@playwright/test';
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { identify, report } from '../support/reports';
import { credentials } from '../support/server';

async function expectCleanInBothThemes(page: Page, what: string): Promise<void> {
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectClean(page, `${what}, ${colorScheme}`);
  }
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('issues: list, filter, order, detail, by keyboard and by address', async ({ page, server }) => {
  for (const [number, type] of ['AppleError', 'PearError', 'PearError'].entries()) await report(server, number, type, `ada-${number}`);
  await page.goto(`${server.origin}/`);
  await expect(page.getByRole('link', { name: 'Issues' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('i');
  await expect(page.getByRole('heading', { level: 1, name: 'Issues' })).toBeVisible();
  const row = (name: string) => page.getByRole('row').filter({ hasText: name });
  await expect(row('PearError')).toHaveCount(1);
  await expectCleanInBothThemes(page, 'the list of issues');

  await page.keyboard.press('/');
  await page.keyboard.type('apple');
  await expect(row('PearError')).toHaveCount(0);
  await expect(row('AppleError')).toHaveCount(1);
  await expect.poll(() => new URL(page.url()).searchParams.get('query')).toBe('apple');
  await page.reload();
  await expect(row('AppleError')).toHaveCount(1);
  await expect(row('PearError')).toHaveCount(0);
  await page.getByRole('searchbox').fill('no such issue');
  await page.getByRole('link', { name: 'Show all issues' }).click();

  await page.getByLabel('Order').selectOption('events');
  await expect(page.getByRole('row').nth(1)).toContainText('PearError');
  expect(new URL(page.url()).searchParams.get('sort')).toBe('events');
  await page.getByLabel('Where').selectOption('server');
  await expect(page.getByText('No issue matches this.')).toBeVisible();
  await page.goBack();

  await page.locator('body').press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('PearError');
  await expect(page.getByText('payPearError', { exact: true })).toBeVisible();
  await expect(page.getByText('1 call of a library')).toBeVisible();
  await expect(page.getByText('1 of 2')).toBeVisible();
  await page.keyboard.press('j');
  await expect(page.getByText('2 of 2')).toBeVisible();
  expect(new URL(page.url()).searchParams.get('event')).not.toBeNull();
  await expect(page.getByText('No replay shows it.', { exact: false })).toBeVisible();
  await expectCleanInBothThemes(page, 'an issue');
});

test('users: list, search, one user with identities and history', async ({ page, server }) => {
  await identify(server, 'grace');
  await page.goto(`${server.origin}/users`);
  await expect(page.getByRole('link', { name: 'grace' })).toBeVisible();
  await expectCleanInBothThemes(page, 'the list of users');
  await page.getByRole('searchbox').fill('gra');
  await expect.poll(() => new URL(page.url()).searchParams.get('query')).toBe('gra');
  await page.getByRole('searchbox').blur();
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'grace' })).toBeVisible();
  await expect(page.getByRole('region', { name: 'Identities' }).getByText('0190a3b2-1111-7aaa-8bbb-000000000001')).toBeVisible();
  await expect(page.getByRole('region', { name: 'Properties' }).getByText('gold')).toBeVisible();
  await expectCleanInBothThemes(page, 'a user');
});

test('the events of a user by session, live, and the replay at their moment', async ({ page, server }) => {
  const start_ms = Date.now() - 120_000;
  const device_id = `lovelace-device-${start_ms}`;
  const user_id = `lovelace-${start_ms}`;
  const send = async (event_type: string, after_ms: number, session_id: number) => {
    const event = { event_type, device_id, user_id, session_id, time: start_ms + after_ms, insert_id: `${event_type}-${start_ms}`, event_properties: { total: 42 } };
    const answer = await fetch(`${server.origin}/2/httpapi`, { method: 'POST', body: JSON.stringify({ api_key: credentials.ingestKey, events: [event] }) });
    expect(answer.status).toBe(200);
  };
  const replay = await server.upload(device_id, String(start_ms), countingRecording(start_ms, 8));
  await send('Looked', 1_000, start_ms);
  await send('Bought', 4_000, start_ms);
  await send('Came back', 60_000, start_ms + 60_000);

  await page.goto(`${server.origin}/users?query=${user_id}`);
  await page.getByRole('link', { name: user_id }).click();
  const sessions = page.getByRole('region', { name: /^Session of/ });
  await expect(sessions).toHaveCount(2);
  await expect(sessions.first()).toContainText('Came back');
  await expect(sessions.first()).toContainText('not recorded');
  await expect(sessions.last().locator('summary')).toHaveText([/Bought/, /Looked/, /Replay Captured/]);
  await expectCleanInBothThemes(page, 'the events of a user');

  // What comes in while one looks is there by itself.
  await send('Left', 70_000, start_ms + 60_000);
  await expect(sessions.first()).toContainText('Left');

  await sessions.last().getByText('Bought', { exact: true }).click();
  await expect(sessions.last()).toContainText('"total": 42');
  await sessions.last().getByRole('link', { name: 'Play at this moment' }).click();
  await expect(page).toHaveURL(new RegExp(`/replays/${replay.id}.*t=4`));
});

test('what is not there and what fails is said', async ({ page, server }) => {
  for (const [path, text] of [['/issues/999999', 'This issue does not exist'], ['/users/999999', 'This user does not exist']] as const) {
    await page.goto(server.origin + path);
    await expect(page.getByText(text)).toBeVisible();
  }
  await page.route('**/api/v1/issues?*', (route) => route.fulfill({ status: 500, json: { error: { code: 'internal', message: 'it broke' } } }));
  await page.goto(`${server.origin}/issues`);
  await expect(page.getByText('The issues could not be loaded')).toBeVisible();
  await page.unroute('**/api/v1/issues?*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByText('The issues could not be loaded')).toBeHidden();
});
