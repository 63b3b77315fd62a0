// Finding replays: the filter bar, its form and text, facets, order, and what cannot be asked.
import type { Page } from '@playwright/test';
import { secondsShown, signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test as base } from '../support/fixtures';
import { countingRecording, element, mutation, page as recordedPage, text } from '../support/recordings';
import { Server } from '../support/server';

// What happened and what was to be seen is found once a recording is sealed: soon, here.
const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start({ env: { REENACT__SEAL__IDLE_SECONDS: '1' } });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

/** Two visits of their own, apart from what else is on the server. */
async function upload(server: Server): Promise<{ count: string; declined: string; mark: string }> {
  const start_ms = Date.now() - 90_000;
  const mark = `find${start_ms}`;
  const count = `${mark}-count`;
  const declined = `${mark}-declined`;
  await server.upload(count, `${start_ms}`, countingRecording(start_ms, 6));
  const said = text('Please wait');
  const events = recordedPage(start_ms, 'https://shop.example/pay', [element('title', {}, [text('Pay')])], [element('p', {}, [said])]);
  events.push(mutation(start_ms + 2_000, { texts: [{ id: said.id, value: 'Your payment was declined, sorry.' }] }));
  await server.upload(declined, `${start_ms + 1}`, [...events, { type: 5, timestamp: start_ms + 3_000, data: { tag: 'paid', payload: {} } }]);
  return { count, declined, mark };
}

const field = (page: Page) => page.getByRole('combobox', { name: 'Add a condition' });
const offer = (page: Page, name: string | RegExp) => page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option', { name });
const row = (page: Page, device: string) => page.getByRole('table').getByRole('link', { name: device });
const chip = (page: Page, condition: string) => page.getByRole('button', { name: condition, exact: true });

test.beforeEach(({ context, server }) => signIn(context, server));

test('a condition by keyboard alone: name, test, value; in the address; taken away again', async ({ page, server }) => {
  const visits = await upload(server);
  await page.setViewportSize({ width: 1440, height: 900 });
  // The key is not lost when it comes before the code of the filter.
  await page.route('**/_app/immutable/chunks/*.js', async (route) => {
    const response = await route.fetch();
    const is_filter = (await response.text()).includes('Add a condition');
    if (is_filter) await new Promise((resolve) => setTimeout(resolve, 1_000));
    await route.fulfill({ response });
  });
  await page.goto(`${server.origin}/replays`);
  await expect(row(page, visits.count)).toBeVisible();
  await page.keyboard.press('/');
  await expect(field(page)).toBeFocused();

  await page.keyboard.type('devi');
  await expect(offer(page, /^device text/)).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(field(page)).toHaveValue('device ');
  await expect(offer(page, /^= is/)).toBeVisible();
  await page.keyboard.press('Enter');
  await page.keyboard.type(visits.count.slice(0, -2));
  await expect(offer(page, visits.count)).toBeVisible();
  await page.keyboard.press('Enter');

  await expect(chip(page, `device = ${visits.count}`)).toBeVisible();
  await expect(row(page, visits.count)).toBeVisible();
  await expect(row(page, visits.declined)).toHaveCount(0);
  await expect(page).toHaveURL(/filter=device/);
  await expect(page.getByText('1 replay matches')).toBeVisible();
  await expectClean(page, 'the list with a filter');

  // Back to the text of the last condition, and to nothing.
  await page.keyboard.press('Backspace');
  await expect(field(page)).toHaveValue(`device = ${visits.count}`);
  await expect(page).not.toHaveURL(/filter=/);
  await expect(row(page, visits.declined)).toBeVisible();
});

test('words that were on the screen find the replay', async ({ page, server }) => {
  const visits = await upload(server);
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device contains ${visits.mark}`)}`);
  await expect(row(page, visits.count)).toBeVisible();
  // Text is found once the recording is sealed.
  await expect(async () => {
    await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device contains ${visits.mark}`)}`);
    await field(page).fill('payment was declined');
    await page.keyboard.press('Enter');
    await expect(chip(page, 'text = "payment was declined"')).toBeVisible();
    await expect(page.getByText('1 replay matches')).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await expect(row(page, visits.declined)).toBeVisible();
  await expect(row(page, visits.count)).toHaveCount(0);

  // The replay opens where the words were, and shows where on the page.
  await row(page, visits.declined).click();
  const found = page.getByRole('group', { name: 'Text found in this replay' });
  await expect(found).toContainText('1 of 1');
  await expect(found).toContainText('Your payment was declined, sorry.');
  await expect.poll(async () => (await secondsShown(page)) > 1.9).toBe(true);
  const mark = page.frameLocator('iframe[title="Recorded page"]').locator('.highlight');
  await expect(mark).toBeVisible();
  await expectClean(page, 'the player with found text');
  await found.getByRole('button', { name: 'Close found text' }).click();
  await expect(mark).toBeHidden();
});

test('the form says how often and when something happened', async ({ page, server }) => {
  await upload(server);
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent('click(text contains "x") count >= 2')}`);
  await page.getByRole('button', { name: 'Form' }).click();
  const form = page.getByRole('dialog', { name: 'Filter' });
  await form.getByLabel('How much').fill('2 * page()');
  await form.getByLabel('How often or when').selectOption('sum of a property');
  await form.getByLabel('Property', { exact: true }).fill('rage');
  await form.getByLabel('How much').nth(1).fill('5');
  await form.getByLabel('How often or when').selectOption('only the n-th time');
  await form.getByLabel('How often or when').selectOption('only at this time');
  await form.getByRole('button', { name: 'Remove: only the n-th time' }).click();
  await expectClean(page, 'the form with what happened');
  await form.getByRole('button', { name: 'Show' }).click();
  await expect(form).toHaveCount(0);
  // As the server writes it.
  const filter = 'click(text contains x) count >= 2 * page() sum(rage) >= 5 at >= -7d';
  await expect.poll(() => new URL(page.url()).searchParams.get('filter')).toBe(filter);
});

test('the form says the same as the text, with groups', async ({ page, server }) => {
  const visits = await upload(server);
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device = ${visits.count}`)}`);
  await expect(row(page, visits.count)).toBeVisible();
  await page.getByRole('button', { name: 'Form' }).click();
  const form = page.getByRole('dialog', { name: 'Filter' });
  await expect(form.getByLabel('Field')).toHaveValue('device');
  await expect(form.getByLabel('Value')).toHaveValue(visits.count);
  await form.getByRole('button', { name: 'Add condition' }).click();
  await form.getByLabel('Field').last().fill('device');
  await form.getByLabel('Value').last().fill(visits.declined);
  await form.getByLabel('Which of these must hold').selectOption('any');
  await expectClean(page, 'the form');
  await form.getByRole('button', { name: 'Show' }).click();
  await expect(form).toHaveCount(0);
  await expect(row(page, visits.declined)).toBeVisible();
  await expect(page.getByText('2 replays match')).toBeVisible();

  await page.getByRole('button', { name: 'Text', exact: true }).click();
  await expect(page.getByLabel('Filter as text')).toHaveValue(`device = ${visits.count} or device = ${visits.declined}`);
});

test('what cannot be asked says where and what was meant, and keeps the list', async ({ page, server }) => {
  const visits = await upload(server);
  await page.goto(`${server.origin}/replays`);
  await expect(row(page, visits.count)).toBeVisible();
  await page.getByRole('button', { name: 'Text', exact: true }).click();
  await page.getByLabel('Filter as text').fill('errors > 0 and brwser = Chrome');
  await page.keyboard.press('Enter');
  const problem = page.getByRole('alert');
  await expect(problem).toContainText('brwser');
  await expect(problem.locator('mark')).toHaveText('brwser');
  await expect(problem.locator('strong')).toHaveText('browser');
  await expect(row(page, visits.count)).toBeVisible();

  // In an address that somebody shared.
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent('errors >')}`);
  await expect(page.getByRole('alert')).toBeVisible();
  await page.getByRole('button', { name: 'Clear' }).click();
  await expect(row(page, visits.count)).toBeVisible();
});

test('facets add conditions, columns sort', async ({ page, server }) => {
  const visits = await upload(server);
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device contains ${visits.mark}`)}`);
  await expect(row(page, visits.count)).toBeVisible();
  await page.keyboard.press('o');
  const facets = page.getByRole('complementary', { name: 'Facets' });
  // Pages are counted once the recordings are sealed.
  const pay = facets.getByRole('button', { name: /shop\.example\/pay/ });
  await expect(async () => {
    await page.reload();
    await expect(pay).toBeVisible({ timeout: 1_000 });
  }).toPass();
  await pay.click();
  await expect(row(page, visits.count)).toHaveCount(0);
  await expect(row(page, visits.declined)).toBeVisible();
  await expectClean(page, 'the list with facets');

  await page.keyboard.press('o');
  await page.goto(`${server.origin}/replays?filter=${encodeURIComponent(`device contains ${visits.mark}`)}`);
  await page.getByRole('columnheader', { name: 'Duration' }).getByRole('link').click();
  await expect(page).toHaveURL(/sort=duration/);
  const names = () => page.getByRole('table').locator('[data-row]').allInnerTexts();
  await expect.poll(names).toEqual([visits.count, visits.declined]);
  await page.getByRole('columnheader', { name: 'Duration' }).getByRole('link').click();
  await expect.poll(names).toEqual([visits.declined, visits.count]);
});
