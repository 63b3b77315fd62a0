// What surrounds the pages: going places, projects, settings of the person, and no connection.
import { signIn } from '../support/app';
import { expectClean } from '../support/axe';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import { credentials } from '../support/server';

test.beforeEach(({ context, server }) => signIn(context, server));

test('G and a letter goes to a page, ? lists the keys, Escape closes', async ({ page, server }) => {
  await page.goto(`${server.origin}/replays`);
  await expect(page.getByRole('heading', { name: 'Replays' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await expect(page).toHaveURL(`${server.origin}/`);
  await expect(page.getByRole('link', { name: 'Home', exact: true })).toHaveAttribute('aria-current', 'page');
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page).toHaveURL(/\/settings$/);
  await page.keyboard.press('?');
  await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
  // Keys of the page below rest while something lies over it.
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/settings$/);
  await page.keyboard.press('Escape');
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.goBack();
  await expect(page).toHaveURL(`${server.origin}/`);
});

test('the side bar and G lead to playlists, cohorts and alerts', async ({ page, server }) => {
  await page.goto(`${server.origin}/replays`);
  const side_bar = page.getByRole('navigation', { name: 'Main' });
  for (const [name, key] of [['Playlists', 'p'], ['Cohorts', 'c'], ['Alerts', 'a']] as const) {
    await side_bar.getByRole('link', { name }).click();
    await expect(page).toHaveURL(`${server.origin}/${name.toLowerCase()}`);
    await expect(side_bar.getByRole('link', { name })).toHaveAttribute('aria-current', 'page');
    await page.keyboard.press('g');
    await page.keyboard.press('h');
    await expect(page).toHaveURL(`${server.origin}/`);
    await page.keyboard.press('g');
    await page.keyboard.press(key);
    await expect(page).toHaveURL(`${server.origin}/${name.toLowerCase()}`);
  }
  await expectClean(page, 'the side bar');
  await page.keyboard.press('Control+k');
  await page.keyboard.type('playli');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${server.origin}/playlists`);
});

test('the palette finds pages, replays, ids and pasted links', async ({ page, server }) => {
  const start_ms = Date.now() - 50_000;
  const deviceId = `visitor-palette-${start_ms}`;
  const replay = await server.upload(deviceId, String(start_ms), countingRecording(start_ms, 5));
  await page.goto(`${server.origin}/settings`);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();

  await page.keyboard.press('Control+k');
  const field = page.getByRole('combobox', { name: /^Page, project/ });
  await expect(field).toBeFocused();
  await page.keyboard.type('tokens');
  await expect(page.getByRole('listbox', { name: 'Results' }).getByRole('option').first()).toContainText('API tokens');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/settings\/tokens/);

  await page.keyboard.press('Control+k');
  await page.keyboard.type(deviceId);
  await expect(page.getByRole('option', { name: deviceId })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/replays/${replay.id}`));

  await page.goto(`${server.origin}/settings`);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await field.fill(`${server.origin}/replays/${replay.id}?t=2`);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/replays/${replay.id}\\?t=2`));

  await page.goto(`${server.origin}/settings`);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await field.fill('https://other.example/replays/abc');
  await expect(page.getByText('Nothing has this name')).toBeVisible();
});

test('keys that come before the palette are for the palette', async ({ page, server }) => {
  const start_ms = Date.now() - 50_000;
  await server.upload(`early-${start_ms}`, String(start_ms), countingRecording(start_ms, 5));
  let letGo = () => {};
  const let_go = new Promise<void>((resolve) => (letGo = resolve));
  await page.route('**/_app/immutable/chunks/*.js', async (route) => {
    const response = await route.fetch();
    if ((await response.text()).includes('Page, project, replay or action')) await let_go;
    await route.fulfill({ response });
  });
  await page.goto(`${server.origin}/replays`);
  await expect(page.getByRole('link', { name: `early-${start_ms}` })).toBeVisible();
  const peek = page.getByRole('button', { name: 'Peek', exact: true });
  const pressed = (await peek.getAttribute('aria-pressed')) ?? '';

  // Given up before it came.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('p');
  await page.keyboard.press('Escape');
  await expect(peek).toHaveAttribute('aria-pressed', pressed);
  await page.keyboard.press('p');
  await expect(peek).not.toHaveAttribute('aria-pressed', pressed);
  await page.keyboard.press('p');

  await page.keyboard.press('Control+k');
  await page.keyboard.type('playlisst');
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('ts');
  await page.keyboard.press('Enter');
  await page.keyboard.type('p');
  await expect(peek).toHaveAttribute('aria-pressed', pressed);
  await expect(page.getByRole('dialog')).toHaveCount(0);
  letGo();
  await expect(page).toHaveURL(`${server.origin}/playlists`);
  await expect(page.getByRole('dialog')).toHaveCount(0);

  // From now on it is there at once.
  await page.keyboard.press('Control+k');
  await page.keyboard.type('cohor');
  await expect(page.getByRole('combobox', { name: /^Page, project/ })).toHaveValue('cohor');
});

test('settings of the person work at once and are there after a reload and in another browser', async ({ page, browser, server }) => {
  await page.goto(`${server.origin}/settings`);
  const saved = page.waitForResponse((response) => response.url().endsWith('/me/settings') && response.request().method() === 'PUT');
  await page.getByRole('radiogroup', { name: 'Theme' }).getByRole('radio', { name: 'Dark' }).check();
  await page.getByRole('radiogroup', { name: 'Density' }).getByRole('radio', { name: 'Compact' }).check();
  await page.getByLabel('Time zone').selectOption('Asia/Tokyo');
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');
  await expect(page.getByText(/Now it is .* (GMT\+9|JST)/)).toBeVisible();
  expect((await saved).ok()).toBe(true);
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('data-theme', 'dark');

  const elsewhere = await browser.newContext();
  await signIn(elsewhere, server);
  const other = await elsewhere.newPage();
  await other.goto(`${server.origin}/settings`);
  await expect(other.locator('html')).toHaveAttribute('data-density', 'compact');
  await elsewhere.close();

  await page.getByRole('switch', { name: 'Single-key shortcuts' }).uncheck();
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/settings$/);
  const restored = page.waitForResponse((response) => response.url().endsWith('/me/settings') && response.request().method() === 'PUT');
  await page.getByRole('switch', { name: 'Single-key shortcuts' }).check();
  await page.getByRole('radiogroup', { name: 'Theme' }).getByRole('radio', { name: 'System' }).check();
  await page.getByRole('radiogroup', { name: 'Density' }).getByRole('radio', { name: 'Normal' }).check();
  await page.getByLabel('Time zone').selectOption('viewer');
  await restored;
});

test('projects: make one, switch, and its empty list shows its own key', async ({ page, server }) => {
  const name = `Second ${Date.now()}`;
  await page.goto(`${server.origin}/settings/project`);
  await expect(page.getByText(credentials.ingestKey, { exact: true })).toBeVisible();
  await page.getByLabel('Name of the project').fill(name);
  await page.getByRole('button', { name: 'Make project' }).click();
  await expect(page).toHaveURL(/project=\d+/);
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  await expect(page.getByText(credentials.ingestKey, { exact: true })).toHaveCount(0);

  await page.getByRole('button', { name: `Project ${name}` }).click();
  await page.getByRole('link', { name: credentials.project }).click();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(credentials.project);
  await page.goBack();
  await expect(page.getByLabel('Name', { exact: true })).toHaveValue(name);
  // The project goes along from page to page.
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/replays\?project=\d+/);
  await expect(page.getByText('Waiting for the first replay')).toBeVisible();
  const me = await (await page.request.get(`${server.origin}/api/v1/me`)).json();
  const own = me.projects.find((project: any) => project.name === name);
  await expect(page.getByText(own.ingest_key).first()).toBeVisible();
});

test('API tokens: shown once, usable, revoked', async ({ page, server }) => {
  await page.goto(`${server.origin}/settings/tokens`);
  const name = `Export ${Date.now()}`;
  await page.getByLabel('What the token is for').fill(name);
  await page.getByRole('checkbox', { name: 'write' }).check();
  await page.getByLabel('How long it works').selectOption('90 days');
  await page.getByRole('button', { name: 'Make token' }).click();
  const secret = await page.getByText('Copy it now').locator('..').locator('..').locator('code').innerText();
  const ask = () => fetch(`${server.origin}/api/v1/replays`, { headers: { authorization: `Bearer ${secret}` } });
  expect((await ask()).status).toBe(200);
  const change = await fetch(`${server.origin}/api/v1/settings`, { method: 'PATCH', headers: { authorization: `Bearer ${secret}` } });
  expect((await change.json()).error).toMatchObject({ code: 'missing_scope', scope: 'admin' });
  await page.reload();
  await expect(page.getByRole('row', { name })).toContainText('read, write');
  await expect(page.getByRole('cell', { name, exact: true })).toBeVisible();
  await expect(page.getByText(secret)).toHaveCount(0);
  await page.getByRole('button', { name: `Revoke ${name}` }).click();
  await page.getByRole('button', { name: 'Revoke for good' }).click();
  await expect(page.getByRole('cell', { name, exact: true })).toHaveCount(0);
  expect((await ask()).status).toBe(401);
});

test('without a connection a banner says so and what was seen stays readable', async ({ page, context, server }) => {
  const start_ms = Date.now() - 50_000;
  const deviceId = `visitor-offline-${start_ms}`;
  await server.upload(deviceId, String(start_ms), countingRecording(start_ms, 5));
  await page.goto(`${server.origin}/replays`);
  await expect(page.getByRole('link', { name: deviceId })).toBeVisible();
  await page.goto(`${server.origin}/settings`);
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page.getByRole('link', { name: deviceId })).toBeVisible();
  // The other pages' code comes a moment after the page itself.
  await page.waitForTimeout(4_000);
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('s');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page.getByRole('link', { name: deviceId })).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText('You are offline.')).toHaveCount(0);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`settings and the gallery are accessible, ${colorScheme}`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 400]) {
      await page.setViewportSize({ width, height: 860 });
      for (const path of ['/settings', '/settings/project', '/settings/tokens', '/settings/ingest']) {
        await page.goto(server.origin + path);
        await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
        await page.waitForLoadState('networkidle');
        await expectClean(page, `${path} at ${width}`);
      }
      await page.keyboard.press('Control+k');
      await expect(page.getByRole('combobox', { name: /^Page, project/ })).toBeFocused();
      await expectClean(page, `palette at ${width}`);
      for (const shown of ['Controls', 'Messages', 'Pictures', 'Replays']) {
        await page.goto(`${server.origin}/gallery?show=${shown}`);
        await expect(page.locator(`[data-gallery="${shown}"]`)).toBeVisible();
        await expectClean(page, `gallery ${shown} at ${width}`);
      }
    }
  });
}
