// What the server prepares for the player, where it differs from the recording.
import { expectInOrder, expectNoDuplicates } from '../support/checks';
import { outline } from '../support/compare';
import { expect, test } from '../support/fixtures';
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
  const options = { attributeMarks: true };
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
