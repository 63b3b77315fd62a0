// By which numbers signs of frustration are judged, changed in the app and in force for what comes after.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';

test('a rule for rage clicks is taken from a preset, kept, refused with a reason, and given back', async ({ page, context, server }) => {
  await signIn(context, server);
  const open = async () => {
    await page.goto(`${server.origin}/settings/project`);
    return page.getByRole('form', { name: 'Signs of frustration' });
  };
  let form = await open();
  await expect(form.getByLabel('Rule')).toHaveValue('default');
  await form.getByLabel('Rule').selectOption('amplitude');
  await expect(form.getByLabel('Clicks', { exact: true })).toHaveValue('4');
  await form.getByLabel('Dead click: no answer for, s').focus();
  await page.keyboard.type('5.5');
  await form.getByLabel('Never dead').fill('.print');
  await expectClean(page, 'signs of frustration');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Saved')).toBeVisible();

  form = await open();
  await expect(form.getByLabel('Rule')).toHaveValue('amplitude');
  await expect(form.getByLabel('Dead click: no answer for, s')).toHaveValue('5.5');
  await expect(form.getByLabel('Never dead')).toHaveValue('.print');
  await form.getByLabel('Never dead').fill('div > .print');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toContainText('div > .print');
  await form.getByLabel('Never dead').fill('');
  await form.getByLabel('Clicks', { exact: true }).fill('99');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByRole('alert')).toContainText('rage_clicks is from 2 to 20');
  await form.getByLabel('Rule').selectOption('default');
  await form.getByLabel('Dead click: no answer for, s').fill('');
  await form.getByRole('button', { name: 'Save' }).click();
  await expect(form.getByText('Saved')).toBeVisible();
});
