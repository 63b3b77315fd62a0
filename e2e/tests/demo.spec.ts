// The demo shop, recorded by Amplitude's SDKs; own-sdk.spec.ts has it with ours.
import { addresses, foreignRequests } from '../support/app';
import { expectAcceptedOnce, expectInOrder, expectNoDuplicates, expectNoSecrets, expectNoSecretsOnDisk } from '../support/checks';
import { inlineAdoptedSheets, outline } from '../support/compare';
import { expect, test } from '../support/fixtures';
import { describeLive, type PageMoment } from '../support/page-tree';
import { loadPlayer, rebuiltAt } from '../support/rebuild';
import { flushedTo, fullSnapshots, openedPages } from '../support/visit';

const secrets = {
  Name: 'shop-secret-name',
  'E-mail': 'shop-secret@mail.example',
  Address: 'shop-secret-street 12',
  'Card number': '5105105105105100',
  Expires: '11/39',
  CVC: '907907',
  'Gift note': 'shop-secret note for somebody',
};

/** Never leaves the page although nobody types it. */
const pageSecrets = ['FNK-7731-QUAY', 'Locker 27, Quay side'];

test('a purchase in the demo shop is recorded, masked and replayed', async ({ page, context, server, site, tap }) => {
  // Through the tap the shop has the tap's origin, so that it sees all uploads.
  const foreign = foreignRequests(context, tap.origin);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  const moments: PageMoment[] = [];
  const moment = async () => moments.push(await describeLive(page.mainFrame()));
  // A test is quicker than the SDK's interval, and its exit beacon holds 64 KiB.
  const caughtUp = async () => flushedTo(server, tap, deviceId)(page);

  await page.goto(`${tap.origin}/demo/?sdk=amplitude`);
  await expect(page.getByText(/this visit is being recorded/i)).toBeVisible();
  await expect(page.getByRole('link', { name: /replays/i })).toHaveAttribute('href', `${tap.origin}/replays`);
  await page.waitForFunction(() => Boolean((window as any).amplitude?.getSessionId()));
  const deviceId: string = await page.evaluate(() => (window as any).amplitude.getDeviceId());

  await page.getByRole('button', { name: 'Lamps' }).click();
  await page.getByLabel('Sort').selectOption('price-up');
  await expect(page.getByText('3 things')).toBeVisible();
  await page.getByRole('button', { name: 'All', exact: true }).click();
  await page.getByLabel('Search').pressSequentially('bowl');
  await moment();
  await page.getByRole('link', { name: 'Tarn bowl' }).click();
  await expect(page).toHaveURL(/\/demo\/product\/tarn-bowl$/);
  for (let press = 0; press < 3; press += 1) await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('link', { name: 'Cart (1)' }).click();
  await page.getByRole('button', { name: 'One Tarn bowl more' }).click();
  await page.getByLabel('Coupon').last().fill('SPRING');
  await page.getByRole('button', { name: 'Apply' }).click();
  await expect(page.getByText(/could not be checked/)).toBeVisible();
  await moment();

  await page.getByRole('link', { name: 'Go to checkout' }).click();
  for (const [label, value] of Object.entries(secrets)) await page.getByLabel(label, { exact: true }).pressSequentially(value);
  await page.getByLabel('Country').selectOption('Portugal');
  await page.getByLabel(/newsletter/).check();
  await moment();
  await page.getByRole('button', { name: 'Pay €72.00' }).click();
  await expect(page.getByRole('heading', { name: 'Thank you' })).toBeVisible();
  await page.getByRole('button', { name: 'Track my parcel' }).click();
  await expect(page.getByText(/parcel service answered 500/)).toBeVisible();
  expect(errors, 'one error that nothing catches').toHaveLength(1);
  await caughtUp();
  await moment();

  await page.getByRole('link', { name: 'About' }).click();
  await expect(page.getByRole('heading', { name: 'About this shop' })).toBeVisible();
  await page.waitForFunction(() => Boolean((window as any).amplitude?.getSessionId()));
  await page.getByText('Can I buy the chair?').click();
  await caughtUp();
  await moment();
  await page.getByRole('link', { name: 'Back to the catalogue' }).click();
  await expect(page.getByText('12 things')).toBeVisible();
  await page.waitForFunction(() => Boolean((window as any).amplitude?.getSessionId()));
  await page.getByRole('button', { name: 'Add Pell vase to cart' }).click();
  await page.getByRole('button', { name: 'Clocks' }).click();
  await caughtUp();
  await moment();
  await page.goto('about:blank');

  const stored = async () => {
    const replays = await server.replaysOf(deviceId);
    return replays.length === 1 ? server.eventsOf(replays[0]!) : [];
  };
  await expect.poll(async () => (await stored()).some((event) => event.timestamp >= moments.at(-1)!.at_ms - 2_000), { timeout: 20_000 }).toBe(true);
  await expect.poll(async () => fullSnapshots(await stored()).length).toBeGreaterThanOrEqual(3);
  await server.settled(deviceId);
  expect(await server.replaysOf(deviceId)).toHaveLength(1);
  const events = await stored();
  expectInOrder(events);
  expectNoDuplicates(events);
  expect(openedPages(events)).toEqual(expect.arrayContaining(['/demo/', '/demo/about.html']));
  const hidden = [...Object.values(secrets), ...pageSecrets];
  expectNoSecrets(events, hidden);
  expectNoSecretsOnDisk(server, hidden);
  expect(JSON.stringify(events), 'the coupon field is marked as harmless').toContain('SPRING');
  expect(addresses(foreign), 'requests to other hosts').toEqual([]);
  expectAcceptedOnce(tap);

  const [cart] = moments.slice(1);
  for (const [number, live] of moments.entries()) {
    const player = await context.newPage();
    await loadPlayer(player, `${site.origin}/blank.html`, events);
    const options = { attributeMarks: false, more: [inlineAdoptedSheets] };
    const rebuilt = outline(await rebuiltAt(player, live.at_ms), 'rebuilt', options);
    expect.soft(rebuilt, `moment ${number + 1}`).toBe(outline(live.root, 'live', options));
    if (live === cart) expect(rebuilt).toMatch(/<section box="\d+x\d+" class="gift-card amp-block">/);
    await player.close();
  }
});

test('the shop declines the unlucky order and survives a deep link', async ({ page, server }) => {
  await page.goto(`${server.origin}/demo/product/thirteen-tag`);
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('link', { name: 'Cart (1)' }).click();
  await page.getByRole('link', { name: 'Go to checkout' }).click();
  for (const [label, value] of Object.entries(secrets)) await page.getByLabel(label, { exact: true }).fill(value);
  await page.getByLabel('Country').selectOption('Spain');
  await page.getByRole('button', { name: 'Pay €13.00' }).click();
  await expect(page.getByRole('alert')).toHaveText('Your card was declined.');
  await page.goBack();
  await expect(page.getByRole('heading', { name: 'Cart' })).toBeVisible();
});

for (const width of [400, 1440]) {
  test(`the shop fits ${width} pixels`, async ({ page, server }) => {
    await page.setViewportSize({ width, height: 900 });
    await page.goto(`${server.origin}/demo/product/stoop-chair`);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    for (const path of ['/demo/', '/demo/product/stoop-chair', '/demo/cart', '/demo/checkout', '/demo/about.html']) {
      await page.goto(server.origin + path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(width);
    }
  });
}
