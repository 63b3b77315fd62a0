// The pages of issues and users: by address, by keyboard, in both themes, and when there
// is nothing or something goes wrong.
import type { Page } from '@playwright/test';
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { identify, report } from '../support/reports';

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
  await expect(page.getByText('0190a3b2-1111-7aaa-8bbb-000000000001').first()).toBeVisible();
  await expect(page.getByText('gold').first()).toBeVisible();
  await expectCleanInBothThemes(page, 'a user');
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
