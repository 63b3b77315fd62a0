// Our own SDK in the demo shop, against the real server.
import { addresses, foreignRequests } from '../support/app';
import { expectInOrder, expectNoDuplicates, expectNoSecrets, expectNoSecretsOnDisk } from '../support/checks';
import { expect, test } from '../support/fixtures';
import { factsOf } from '../support/panels';
import type { Server } from '../support/server';
import { fullSnapshots, openedPages } from '../support/visit';

const secrets = {
  Name: 'own-secret-name',
  'E-mail': 'own-secret@mail.example',
  Address: 'own-secret-street 12',
  'Card number': '4012888888881881',
  Expires: '10/38',
  CVC: '806806',
  'Gift note': 'own-secret note for somebody',
};
/** Masked or blocked parts of the shop's pages. */
const pageSecrets = ['FNK-7731-QUAY', 'Locker 27, Quay side'];

interface Manifest {
  gaps: { from_ms: number; to_ms: number; reason: string }[];
}

const manifestOf = (server: Server, id: string) => server.get<Manifest>(`/api/v1/replays/${encodeURIComponent(id)}/manifest`);

test('a purchase in the demo shop: masked, complete, found by its SDK', async ({ page, context, server }) => {
  const foreign = foreignRequests(context, server.origin);
  await page.goto(`${server.origin}/demo/`);
  await expect(page.getByText(/this visit is being recorded/i)).toBeVisible();
  await page.waitForFunction(() => Boolean((window as any).reenact?.getReplayId()));
  const [deviceId] = (await page.evaluate(() => (window as any).reenact.getReplayId() as string)).split('/');
  await page.getByRole('link', { name: 'Tarn bowl' }).click();
  await page.getByRole('button', { name: 'Add to cart' }).click();
  await page.getByRole('link', { name: 'Cart (1)' }).click();
  await page.getByRole('link', { name: 'Go to checkout' }).click();
  for (const [label, value] of Object.entries(secrets)) await page.getByLabel(label, { exact: true }).pressSequentially(value);
  await page.getByLabel('Country').selectOption('Portugal');
  await page.getByRole('button', { name: /^Pay/ }).click();
  await expect(page.getByRole('heading', { name: 'Thank you' })).toBeVisible();
  await page.getByRole('button', { name: 'Track my parcel' }).click();
  await expect(page.getByText(/parcel service answered 500/)).toBeVisible();
  await page.getByRole('link', { name: 'About' }).click();
  await expect(page.getByRole('heading', { name: 'About this shop' })).toBeVisible();
  await page.waitForFunction(() => Boolean((window as any).reenact?.getReplayId()));
  await page.evaluate(() => {
    document.body.append('marker-at-the-end');
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
  // The last page is left in the middle of what it does.
  await page.goto('about:blank');

  const stored = async () => {
    const replays = await server.replaysOf(deviceId!);
    return replays.length === 1 ? server.eventsOf(replays[0]!) : [];
  };
  await expect.poll(async () => JSON.stringify(await stored()).includes('marker-at-the-end'), { timeout: 30_000 }).toBe(true);
  await server.settled(deviceId!);
  const [replay] = (await server.replaysOf(deviceId!)) as any[];
  expect(replay).toMatchObject({ source: 'rrweb', sdk: '@reenact/browser', playable: true });
  expect(replay.sdk_version).toMatch(/^\d+\.\d+\.\d+$/);
  const facts = (await factsOf(server, replay)) as any[];
  expect(facts.filter(({ kind }) => kind === 'error')).toHaveLength(1);
  expect(facts.some(({ kind, status }) => kind === 'network' && status === 500)).toBe(true);
  const events = await stored();
  expectInOrder(events);
  expectNoDuplicates(events);
  expect(fullSnapshots(events).length).toBe(2);
  expect(openedPages(events)).toEqual(['/demo/', '/demo/about.html']);
  // One tab, over both pages.
  expect(new Set(events.map((event) => (event as any).tab)).size).toBe(1);
  const hidden = [...Object.values(secrets), ...pageSecrets];
  expectNoSecrets(events, hidden);
  expectNoSecretsOnDisk(server, hidden);
  expect((await manifestOf(server, replay.id)).gaps.filter(({ reason }) => reason !== 'page_hidden')).toEqual([]);
  expect(addresses(foreign), 'requests to other hosts').toEqual([]);
});

test('a chunk that never arrives is a gap of the replay', async ({ server }) => {
  const start_ms = Date.UTC(2026, 0, 5);
  const mark = (number: number, at_ms: number) => {
    const payload = { page: 'page.1', number, until: start_ms + at_ms + 900 };
    return { type: 5, data: { tag: 'reenact-chunk', payload }, timestamp: start_ms + at_ms };
  };
  const node = { type: 0, id: 1, childNodes: [{ type: 2, id: 2, tagName: 'html', attributes: {}, childNodes: [] }] };
  const page = [
    { type: 4, data: { href: 'https://shop.test/', width: 800, height: 600 }, timestamp: start_ms },
    { type: 2, data: { node, initialOffset: { top: 0, left: 0 } }, timestamp: start_ms },
  ];
  const click = (at_ms: number) => ({ type: 3, data: { source: 2, type: 2, id: 2, x: 1, y: 1 }, timestamp: start_ms + at_ms });
  const events = [mark(1, 0), ...page, mark(2, 1_000), click(1_200), mark(4, 9_000), click(9_200)];
  const replay = await server.upload('own-sdk-gap', '1', events);
  await expect
    .poll(async () => (await manifestOf(server, replay.id)).gaps, { timeout: 30_000 })
    .toEqual([expect.objectContaining({ reason: 'lost_data', from_ms: start_ms + 1_900, to_ms: start_ms + 9_000 })]);
});
