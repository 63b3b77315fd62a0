// What a person does with the app, with the keyboard where that is natural.
import { addresses, foreignRequests, recordedPage, secondsShown, signIn, timeSlider } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { credentials, Server } from '../support/server';

test('sets a new server up from the link in its log', async ({ page }) => {
  const fresh = await Server.start({ bootstrap: false });
  try {
    await expect.poll(() => fresh.log).toMatch(/\/setup#token=\S+/);
    const link = /https?:\/\/\S+\/setup#token=[^\s"]+/.exec(fresh.log)![0];
    await page.goto(link);
    await page.getByLabel('Organisation').fill('Example organisation');
    await page.getByLabel('Project', { exact: true }).fill('Shop');
    await page.getByLabel(/time zone/i).selectOption('Europe/Vienna');
    await page.getByLabel('Your name').fill('Owner');
    await page.getByLabel('E-mail').fill('someone@example.com');
    await page.getByLabel('Password').fill('long enough password');
    expect(page.url(), 'the token does not stay in the address').not.toContain('token');
    await page.getByRole('button', { name: /set up/i }).click();
    await expect(page).toHaveURL(/\/replays/);

    const me = await (await page.request.get(`${fresh.origin}/api/v1/me`)).json();
    expect(me.projects[0]).toMatchObject({ name: 'Shop', time_zone: 'Europe/Vienna' });
    await expect(page.getByText(me.projects[0].ingest_key).first(), 'an empty project shows its key').toBeVisible();

    // The link works once.
    await page.context().clearCookies();
    const again = await page.request.post(`${fresh.origin}/api/v1/setup`, {
      data: { token: link.split('token=')[1], email: 'x@example.com', password: 'long enough password', name: 'X', organisation: 'X', project: 'X', time_zone: 'UTC' },
    });
    expect(again.ok()).toBe(false);
  } finally {
    await fresh.stop();
  }
});

test('from sign-in to a shared moment by keyboard', async ({ page, context, server }) => {
  const start_ms = Date.now() - 60_000;
  const deviceId = `visitor-keyboard-${start_ms}`;
  const replay = await server.upload(deviceId, String(start_ms), countingRecording(start_ms, 30));
  const foreign = foreignRequests(context, server.origin);
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.origin });

  await page.goto(`${server.origin}/replays`);
  await expect(page).toHaveURL(/\/login\?next=/);
  await expect(page.getByLabel('E-mail')).toBeFocused();
  await page.keyboard.type(credentials.email);
  await page.keyboard.press('Tab');
  await page.keyboard.type('not the password');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('alert')).toContainText(/wrong/i);
  await page.getByLabel('Password').press('Control+a');
  await page.keyboard.type(credentials.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/replays/);

  await expect(page.getByRole('link', { name: deviceId })).toBeVisible();
  // Newest first, but tests before this one may have uploaded a newer visit.
  for (let row = 0; row < 20; row += 1) {
    await page.keyboard.press('j');
    if (await page.getByRole('link', { name: deviceId }).evaluate((link) => link === document.activeElement)) break;
  }
  await expect(page.getByRole('link', { name: deviceId })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/replays/${replay.id}`));

  // It may play by itself; seeking must work in any case.
  await expect(recordedPage(page).getByText(/^second \d+$/)).toBeVisible();
  if (await page.getByRole('button', { name: 'Pause' }).isVisible()) await page.keyboard.press('Space');
  await page.keyboard.press('Home');
  await expect(recordedPage(page).getByText('second 0', { exact: true })).toBeVisible();
  await page.keyboard.press('ArrowRight');
  await expect(recordedPage(page).getByText('second 10', { exact: true })).toBeVisible();
  await expect.poll(() => secondsShown(page)).toBe(10);
  await page.keyboard.press('Space');
  await expect.poll(() => secondsShown(page), { message: 'plays' }).toBeGreaterThan(11);
  await page.keyboard.press('Space');
  await expect(page.getByRole('button', { name: 'Play' })).toBeVisible();

  await timeSlider(page).focus();
  await page.keyboard.press('End');
  await expect(recordedPage(page).getByText('second 30', { exact: true })).toBeVisible();
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await expect(recordedPage(page).getByText('second 5', { exact: true })).toBeVisible();

  await page.keyboard.press('l');
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/\?t=5(\.0+)?$/);
  const link = await page.evaluate(() => navigator.clipboard.readText());
  const shared = await context.newPage();
  await shared.goto(link);
  await expect(recordedPage(shared).getByText('second 5', { exact: true })).toBeVisible();
  await expect(shared.getByRole('button', { name: 'Play' }), 'a shared moment opens paused').toBeVisible();
  expect(addresses(foreign)).toEqual([]);
});

test('a deep link leads to the login and back', async ({ page, server }) => {
  const start_ms = Date.now() - 40_000;
  const replay = await server.upload(`visitor-deep-${start_ms}`, String(start_ms), countingRecording(start_ms, 5));
  await page.goto(`${server.origin}/replays/${replay.id}?t=3`);
  await page.getByLabel('E-mail').fill(credentials.email);
  await page.getByLabel('Password').fill(credentials.password);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/replays/${replay.id}\\?t=3`));
  await expect(recordedPage(page).getByText('second 3', { exact: true })).toBeVisible();
});

test('a visit is in the list and playable while it goes on', async ({ page, context, browser, server, site, tap }) => {
  const deviceId = `visitor-live-${Date.now()}`;
  site.use({ scripts: ['amplitude-session-replay-browser-1.51.6.js'], start: 'standalone', config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId, sessionId: Date.now() } });
  await signIn(context, server);
  await page.goto(`${server.origin}/replays`);
  await expect(page.getByRole('heading', { name: 'Replays' })).toBeVisible();

  const visitor = await browser.newContext();
  const visited = await visitor.newPage();
  await visited.goto(`${site.origin}/one.html`);
  await visited.evaluate(() => (window as any).started);
  // The SDK has no timer: it sends when something happens after its interval.
  await expect
    .poll(async () => {
      await visited.getByRole('button', { name: 'Add item' }).click();
      return tap.posts('/sessions/v2/track').length;
    })
    .toBeGreaterThan(0);
  const link = page.getByRole('link', { name: deviceId });
  await expect(link.or(page.getByRole('button', { name: /new/i }))).toBeVisible({ timeout: 5_000 });
  if (!(await link.isVisible())) await page.getByRole('button', { name: /new/i }).click();
  await link.click();
  await expect(page.getByText(/live/i).first()).toBeVisible();
  await page.getByRole('button', { name: 'Follow' }).click();
  await expect(recordedPage(page).getByRole('heading', { name: 'Page one' })).toBeAttached();

  await visited.evaluate(() => document.body.append(Object.assign(document.createElement('p'), { textContent: 'seen live' })));
  await expect
    .poll(async () => {
      await visited.getByRole('button', { name: 'Add item' }).click();
      return recordedPage(page).getByText('seen live').count();
    }, { timeout: 30_000, message: 'the player follows what the visitor does' })
    .toBe(1);
  await visitor.close();
});
