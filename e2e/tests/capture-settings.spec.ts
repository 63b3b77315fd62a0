// What a project records, changed in the app; that recorders obey is in `own-sdk-install`.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';

test('what is recorded is set, kept, refused with a reason, and given back to the server', async ({ page, context, server }) => {
  await signIn(context, server);
  const open = async () => {
    await page.goto(`${server.origin}/settings/project`);
    return page.getByRole('form', { name: 'What is recorded' });
  };
  let form = await open();
  await form.getByLabel('Sessions recorded, %').fill('12.5');
  await form.getByLabel('Masking').selectOption('conservative');
  await form.getByLabel('Block', { exact: true }).fill('.salary\n#notes');
  await form.getByLabel('Console').selectOption('false');
  await form.getByRole('button', { name: 'Add rule' }).click();
  await form.getByLabel('Address contains').fill('/checkout');
  await expectClean(page, 'what is recorded');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Saved')).toBeVisible();

  form = await open();
  await expect(form.getByLabel('Sessions recorded, %')).toHaveValue('12.5');
  await expect(form.getByLabel('Masking')).toHaveValue('conservative');
  await expect(form.getByLabel('Block', { exact: true })).toHaveValue('.salary\n#notes');
  await expect(form.getByLabel('Console')).toHaveValue('false');
  await expect(form.getByLabel('Address contains')).toHaveValue('/checkout');

  await form.getByLabel('Block', { exact: true }).fill('div[');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toContainText('div[');

  await form.getByLabel('Block', { exact: true }).fill('');
  await form.getByLabel('Sessions recorded, %').fill('');
  await form.getByLabel('Masking').selectOption('');
  await form.getByLabel('Console').selectOption('');
  await form.getByRole('button', { name: 'Remove rule' }).click();
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Saved')).toBeVisible();
  form = await open();
  await expect(form.getByLabel('Sessions recorded, %')).toHaveValue('');
  await expect(form.getByLabel('Address contains')).toHaveCount(0);
});
