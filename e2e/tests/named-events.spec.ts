// Naming what an SDK captured by itself, from an element of a real recording to the replays that have it.
import { recordedPage, signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, testAlone as test } from '../support/fixtures';
import { credentials } from '../support/server';
import { openPaused } from './player-story';

test('an element of a recording gets a name, which finds what was captured before', async ({ context, page, server, site, tap }) => {
  const deviceId = `naming-${Date.now()}`;
  site.use({ scripts: ['amplitude-analytics-browser-2.48.1.js', 'amplitude-plugin-session-replay-browser-1.35.2.js'], start: 'plugin', config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId, sessionId: Date.now() } });
  const visitor = await context.newPage();
  await visitor.goto(`${site.origin}/one.html`);
  await visitor.waitForFunction(() => (window as any).started);
  await visitor.evaluate(() => (window as any).started);
  for (const name of ['Add item', 'Add item', 'Change text']) await visitor.getByRole('button', { name }).click();
  // The events are sent a second later; the recording goes by a beacon.
  await visitor.evaluate(() => (window as any).amplitude.flush().promise);
  await visitor.goto('about:blank');
  await visitor.close();
  const captured = async () => {
    const [replay] = await server.replaysOf(deviceId);
    if (!replay) return 0;
    const { events } = await server.get<{ events: { generated_name: string | null }[] }>(`/api/v1/replays/${replay.id}/analytics`);
    return events.filter((it) => it.generated_name === 'Clicked "Add item"').length;
  };
  await expect.poll(captured, { timeout: 30_000 }).toBe(2);
  await server.settled(deviceId);
  const [replay] = await server.replaysOf(deviceId);

  await signIn(context, server);
  await page.setViewportSize({ width: 1440, height: 900 });
  await openPaused(page, server.origin, replay!.id, 0);
  await page.keyboard.press('d');
  await page.getByRole('button', { name: 'Pick' }).click();
  const element = recordedPage(page).getByRole('button', { name: 'Add item' });
  await element.scrollIntoViewIfNeeded();
  const box = (await element.boundingBox())!;
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
  await page.getByRole('button', { name: 'Name this event' }).click();

  const dialog = page.getByRole('dialog', { name: 'Name this event' });
  await expect(dialog.getByRole('textbox', { name: 'Text: value' })).toHaveValue('Add item');
  await expect(dialog.getByText('2 events in the last 30 days')).toBeVisible();
  await expectClean(page, 'the dialog that names an event');
  // Looser and stricter: the count follows.
  await dialog.getByRole('checkbox', { name: 'Text' }).uncheck();
  await expect(dialog.getByText('3 events in the last 30 days')).toBeVisible();
  await dialog.getByRole('checkbox', { name: 'Text' }).check();
  await dialog.getByRole('textbox', { name: 'Text: value' }).fill('Add nothing');
  await expect(dialog.getByText('0 events in the last 30 days, none within a year')).toBeVisible();
  await dialog.getByRole('combobox', { name: 'Text: test' }).selectOption('contains');
  await dialog.getByRole('textbox', { name: 'Text: value' }).fill('add');
  await expect(dialog.getByText('2 events in the last 30 days')).toBeVisible();
  const name = 'Put <b>"it"</b> in the list';
  await dialog.getByRole('textbox', { name: 'Name' }).fill(name);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('finds them from now on')).toBeVisible();

  // It finds the replay, and the filter offers it while one types.
  await dialog.getByRole('link', { name: 'Find replays with it' }).click();
  await expect(page.getByRole('table').getByRole('link', { name: deviceId })).toBeVisible();
  await expect(page.getByText('1 replay matches')).toBeVisible();
  await page.keyboard.press('/');
  await page.keyboard.type('put');
  await expect(page.getByRole('listbox', { name: 'Suggestions' }).getByRole('option', { name })).toBeVisible();

  // The same matcher has a name already; another one is added to it.
  await openPaused(page, server.origin, replay!.id, 0);
  await page.keyboard.press('d');
  await page.getByRole('button', { name: 'Pick' }).click();
  const other = recordedPage(page).getByRole('button', { name: 'Change text' });
  await other.scrollIntoViewIfNeeded();
  const place = (await other.boundingBox())!;
  await page.mouse.click(place.x + place.width / 2, place.y + place.height / 2);
  await page.getByRole('button', { name: 'Name this event' }).click();
  const text = dialog.getByRole('textbox', { name: 'Text: value' });
  await expect(text).toHaveValue('Change text');
  await dialog.getByRole('combobox', { name: 'Text: test' }).selectOption('contains');
  await text.fill('ADD');
  await dialog.getByRole('textbox', { name: 'Name' }).fill('Another');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByRole('alert')).toContainText('already');
  await text.fill('change');
  await dialog.getByRole('combobox', { name: 'Is called' }).selectOption({ label: `as well: ${name}` });
  await dialog.getByRole('button', { name: 'Save' }).click();
  await expect(dialog.getByText('finds them from now on')).toBeVisible();

  // The list: both, when it was seen, a new name, gone. The player goes on to say what was captured.
  await page.goto(`${server.origin}/settings/events`);
  const listed = page.getByRole('list', { name: 'Named events' }).getByRole('listitem').filter({ hasText: name });
  await expect(listed).toContainText('3 events in the last 30 days');
  await expect(listed.getByText('or Element Clicked')).toBeVisible();
  await expectClean(page, 'the list of named events');
  await listed.getByRole('button', { name: /^Take away: .*change/ }).click();
  await expect(listed).toContainText('2 events in the last 30 days');
  await listed.getByRole('button', { name: /^Rename/ }).click();
  await page.getByRole('textbox', { name: 'New name' }).fill('Put in the list');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Delete Put in the list' }).click();
  await page.getByRole('button', { name: 'Delete for good' }).click();
  await expect(page.getByText('Nothing has a name yet.')).toBeVisible();
});
