// What the server prepares for the player, where it differs from the recording.
import { expectInOrder, expectNoDuplicates } from '../support/checks';
import { outline, windowScroll } from '../support/compare';
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { element, page as recordedDocument, text } from '../support/recordings';
import { loadPlayer, rebuiltAt } from '../support/rebuild';
import { credentials, type RrwebEvent } from '../support/server';
import { visitSite } from '../support/visit';

test('adopted sheets of Amplitude recordings play, and do not stay for the next page', async ({ context, server, site, tap }) => {
  const deviceId = `device-adopted-${Date.now()}`;
  site.use({ scripts: ['amplitude-session-replay-browser-1.51.6.js'], start: 'standalone', config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId, sessionId: Date.now() } });
  const visit = await visitSite(context, { siteOrigin: site.origin, deviceId });
  await expect
    .poll(async () => {
      const [replay] = await server.replaysOf(deviceId);
      return replay ? JSON.stringify(await server.eventsOf(replay)).includes('"Changed text 2"') : false;
    })
    .toBe(true);
  await server.settled(deviceId);
  const [replay] = await server.replaysOf(deviceId);

  // One player for all pages, as in the app.
  const player = await context.newPage();
  await loadPlayer(player, `${site.origin}/blank.html`, await server.playbackOf(replay!));
  const options = { attributeMarks: true, more: [windowScroll] };
  for (const [number, live] of visit.pages.entries()) {
    const rebuilt = await rebuiltAt(player, live.at_ms);
    expect.soft(outline(rebuilt, 'rebuilt', options), `page ${number + 1} of the visit`).toBe(outline(live.root, 'live', options));
  }
});

test('a recording of upstream rrweb, sent without an SDK, plays as the page was', async ({ context, server, site }) => {
  const deviceId = `device-plain-${Date.now()}`;
  site.use({ scripts: ['rrweb-record-2.1.6.js'], start: 'plain', config: { ingestKey: credentials.ingestKey, server: server.origin, deviceId, sessionId: Date.now() } });
  const visit = await visitSite(context, {
    siteOrigin: site.origin,
    deviceId,
    beforeLeaving: (page) => page.evaluate(() => (window as any).sendRecording()),
  });
  await server.settled(deviceId);
  const replays = await server.replaysOf(deviceId);
  expect(replays).toHaveLength(1);
  const playback = await server.playbackOf(replays[0]!);
  // Playback may add events of its own, but neither loses nor repeats any.
  const kinds = (events: RrwebEvent[]) => events.map(({ type, timestamp, data }) => `${timestamp} ${type} ${data.source ?? ''}`);
  expect(kinds(playback)).toEqual(expect.arrayContaining(kinds(await server.eventsOf(replays[0]!))));
  expectNoDuplicates(playback);
  expectInOrder(playback);
  for (const [number, live] of visit.pages.entries()) {
    const player = await context.newPage();
    await loadPlayer(player, `${site.origin}/blank.html`, playback);
    const options = { attributeMarks: false, recorder: 'upstream' as const };
    expect.soft(outline(await rebuiltAt(player, live.at_ms), 'rebuilt', options), `page ${number + 1} of the visit`).toBe(outline(live.root, 'live', options));
    await player.close();
  }
});

test('in the app, a new page starts where it was, not where the last one was left', async ({ page, context, server }) => {
  const start_ms = Date.now() - 30_000;
  const tall = (words: string) => [element('p', {}, [text(words)]), element('div', { style: 'height: 3000px' })];
  const first = recordedDocument(start_ms, 'https://shop.example/first', [], tall('first page'));
  const second = recordedDocument(start_ms + 5_000, 'https://shop.example/second', [], tall('second page'));
  const scrolled = { type: 3, timestamp: start_ms + 2_000, data: { source: 3, id: first[1]!.data.node.id, x: 0, y: 700 } };
  const end = { type: 3, timestamp: start_ms + 8_000, data: { source: 4, width: 800, height: 600 } };
  const replay = await server.upload(`visitor-scroll-${start_ms}`, String(start_ms), [...first, scrolled, ...second, end]);
  await signIn(context, server);
  const scrollTop = () => recordedPage(page).locator('html').evaluate((html) => html.scrollTop);

  await page.goto(`${server.origin}/replays/${replay.id}?t=4`);
  await expect(recordedPage(page).getByText('first page')).toBeAttached();
  await expect.poll(scrollTop).toBe(700);
  // From one page to the next in the same player, forwards and back.
  await page.keyboard.press('End');
  await expect(recordedPage(page).getByText('second page')).toBeAttached();
  await expect.poll(scrollTop).toBe(0);
  await page.keyboard.press('5');
  await expect(recordedPage(page).getByText('first page')).toBeAttached();
  await expect.poll(scrollTop).toBe(700);
});
