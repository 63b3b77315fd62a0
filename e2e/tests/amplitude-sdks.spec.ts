// Real Amplitude SDKs record a real page in a real browser; the recording must
// play back as the page was.
import type { Page } from '@playwright/test';
import { expectAcceptedOnce, expectInOrder, expectNoDuplicates, expectNoSecrets, expectNoSecretsOnDisk } from '../support/checks';
import { inlineAdoptedSheets, outline } from '../support/compare';
import { expect, test } from '../support/fixtures';
import { loadPlayer, rebuiltAt } from '../support/rebuild';
import { credentials } from '../support/server';
import type { Instrumentation } from '../support/site';
import { attributeSecret, flushedTo, fullSnapshots, harmlessText, openedPages, pageSecrets, typedSecrets, visitSite } from '../support/visit';

interface Sdk {
  name: string;
  scripts: string[];
  start: Instrumentation['start'];
  /** Sends analytics events too, and therefore makes its own session id. */
  analytics: boolean;
  /** Sends what is left by a beacon when the page goes. */
  exitBeacon: boolean;
  attributeMarks?: boolean;
  /** Cannot be pointed elsewhere: its vendor hosts are forwarded to us. */
  fixedHosts?: boolean;
}

const sdks: Sdk[] = [
  { name: 'session replay 1.51.6', scripts: ['amplitude-session-replay-browser-1.51.6.js'], start: 'standalone', analytics: false, exitBeacon: true, attributeMarks: true },
  {
    name: 'browser SDK 2.48.1 with plugin 1.35.2',
    scripts: ['amplitude-analytics-browser-2.48.1.js', 'amplitude-plugin-session-replay-browser-1.35.2.js'],
    start: 'plugin',
    analytics: true,
    exitBeacon: true,
  },
  { name: 'unified 1.1.35', scripts: ['amplitude-unified-1.1.35.js'], start: 'unified', analytics: true, exitBeacon: true },
  { name: 'session replay 1.35.0, packed events', scripts: ['amplitude-session-replay-browser-1.35.0.js'], start: 'standalone', analytics: false, exitBeacon: false },
  { name: 'session replay 1.13.6, packed events and fixed hosts', scripts: ['amplitude-session-replay-browser-1.13.6.js'], start: 'standalone', analytics: false, exitBeacon: false, fixedHosts: true },
];

/** Forwards what the page sends to the vendor to the tap, path and all. */
async function forwardVendorHosts(page: Page, target: string): Promise<void> {
  await page.context().route(/^https:\/\/(api-sr|sr-client-cfg)\.amplitude\.com\//, async (route) => {
    const { pathname, search } = new URL(route.request().url());
    // The page may be gone before the answer comes; then nobody needs it.
    const response = await route.fetch({ url: target + pathname + search }).catch(() => undefined);
    if (response) await route.fulfill({ response }).catch(() => undefined);
  });
}

for (const [index, sdk] of sdks.entries()) {
  test(`records and replays a visit: ${sdk.name}`, async ({ context, server, site, tap }) => {
    const deviceId = `device-${index}-${Date.now()}`;
    const sessionId = Date.now();
    site.use({ scripts: sdk.scripts, start: sdk.start, config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId, sessionId } });
    const foreign: string[] = [];
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      if (protocol.startsWith('http') && ![site.origin, tap.origin].includes(origin)) foreign.push(request.url());
    });
    if (sdk.fixedHosts) {
      const page = await context.newPage();
      await forwardVendorHosts(page, tap.origin);
      await page.close();
    }

    const visit = await visitSite(context, {
      siteOrigin: site.origin,
      deviceId,
      beforeLeaving: sdk.exitBeacon ? undefined : flushedTo(server, tap, deviceId),
    });

    // Complete when the last thing typed is there: one input event per key.
    const storedEvents = async () => {
      const replays = await server.replaysOf(deviceId);
      return replays.length === 1 ? server.eventsOf(replays[0]!) : [];
    };
    await expect.poll(async () => openedPages(await storedEvents()).at(-1), { timeout: 20_000 }).toBe('/two.html');
    await expect.poll(() => tap.underWay, { timeout: 20_000 }).toBe(0);
    const lastLiveNote = '"Changed text 2"';
    await expect.poll(async () => JSON.stringify(await storedEvents()).includes(lastLiveNote), { timeout: 20_000 }).toBe(true);

    await server.settled(deviceId);
    // Late uploads have all been counted when the list agrees with the events.
    await expect
      .poll(async () => {
        const [replay] = await server.replaysOf(deviceId);
        return replay!.event_count - (await storedEvents()).length;
      }, { message: 'event count of the list compared to the events' })
      .toBe(0);
    const replays = await server.replaysOf(deviceId);
    expect(replays, 'reload and second page belong to the same replay').toHaveLength(1);
    const events = await server.eventsOf(replays[0]!);

    if (!sdk.analytics) expect(replays[0]!.session_id).toBe(String(sessionId));
    expectNoDuplicates(events);
    expect(fullSnapshots(events).length).toBeGreaterThanOrEqual(3);
    expect(new Set(openedPages(events))).toEqual(new Set(['/one.html', '/two.html']));
    expectInOrder(events);
    expectAcceptedOnce(tap, { persists: !sdk.exitBeacon });
    expect(tap.uploads.every((upload) => sdk.fixedHosts || upload.method === 'GET' || upload.origin === site.origin), 'all uploads cross origins').toBe(true);
    if (!sdk.fixedHosts) expect(foreign.filter((url) => !url.includes('/engagement-browser/')), 'requests to other hosts').toEqual([]);

    const secrets = [...Object.values(typedSecrets), 'typed-secret-after-reload', ...pageSecrets, ...(sdk.attributeMarks ? [attributeSecret] : [])];
    expectNoSecrets(events, secrets);
    expectNoSecretsOnDisk(server, secrets);
    expect(JSON.stringify(events), 'an unmasked field stays readable').toContain(harmlessText);

    if (sdk.analytics) {
      const sent = await server.get<{ events: { event_type: string; device_id?: string }[] }>('/api/v1/events?event_type=' + encodeURIComponent('[Amplitude] Replay Captured'));
      expect(sent.events.filter((event) => event.device_id === deviceId), 'the server tells of the replay').toHaveLength(1);
    }

    // A new player for each page: the upstream player leaves adopted sheets of
    // one page on the next (see playback.spec.ts).
    for (const [number, live] of visit.pages.entries()) {
      const player = await context.newPage();
      await loadPlayer(player, `${site.origin}/blank.html`, events);
      const options = { attributeMarks: sdk.attributeMarks ?? false, more: [inlineAdoptedSheets] };
      const rebuilt = await rebuiltAt(player, live.at_ms);
      expect.soft(outline(rebuilt, 'rebuilt', options), `page ${number + 1} of the visit`).toBe(outline(live.root, 'live', options));
      await player.close();
    }
  });
}
