// Real PostHog SDKs record a real page in a real browser; the recorder itself comes from
// our server, out of the npm package.
import type { Page } from '@playwright/test';
import { expectInOrder, expectNoDuplicates, expectNoSecrets } from '../support/checks';
import { inlineAdoptedSheets, outline } from '../support/compare';
import { expect, test } from '../support/fixtures';
import { errorsOf, factsOf } from '../support/panels';
import { loadPlayer, rebuiltAt } from '../support/rebuild';
import { credentials, type RrwebEvent } from '../support/server';
import { flushedTo, fullSnapshots, openedPages, pageSecrets, typedSecrets, visitSite } from '../support/visit';

/** The stock player keeps sheets and scrolling of the page before when nothing names the new one. */
function fromLastSnapshot(events: RrwebEvent[], at_ms: number): RrwebEvent[] {
  const snapshot = events.findLast((event) => event.type === 2 && event.timestamp <= at_ms)!;
  const meta = events.find((event) => event.type === 4)!;
  return [{ ...meta, timestamp: snapshot.timestamp - 1 }, ...events.filter((event) => event.timestamp >= snapshot.timestamp)];
}

const sessionOf = (page: Page) => page.evaluate(() => (window as any).replayId() as string);

for (const version of ['1.449.2', '1.172.0', '1.96.1']) {
  test(`records and replays a visit: posthog-js ${version}`, async ({ context, server, site, tap }) => {
    const userId = `visitor-${version}-${Date.now()}`;
    site.use({ scripts: [`posthog-js/${version}/dist/array.js`], start: 'posthog', config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId: userId, sessionId: 0 } });
    const ids = new Set<string>();
    const visit = await visitSite(context, {
      siteOrigin: site.origin,
      deviceId: userId,
      beforeLeaving: async (page) => {
        if (ids.size === 0) {
          await page.evaluate(async () => {
            console.warn('the shelf is low', { left: 2 });
            await fetch('/no-such-file.html');
            (window as any).posthog.capture('basket opened', { fruit: 'pear' });
            (window as any).posthog.capture('$exception', { $exception_list: [{ type: 'TypeError', value: 'no such fruit', mechanism: { handled: false } }], $exception_level: 'error' });
          });
        }
        ids.add(await sessionOf(page));
        await flushedTo(server, tap, sessionOf)(page);
      },
    });
    expect(ids.size, 'reload and second page belong to the same session').toBe(1);
    const [id] = [...ids] as [string];
    await expect.poll(() => tap.underWay, { timeout: 20_000 }).toBe(0);
    await server.settled(id);
    const replays = await server.replaysOf(id);
    expect(replays).toHaveLength(1);
    const replay = replays[0]!;
    expect(replay).toMatchObject({ session_id: id, playable: true, source: 'posthog', user_id: userId });

    // Whatever the SDK asked for was there, and nothing was sent again.
    // 1.96 asks for one part without saying its version, and here are several.
    const refused = tap.uploads.filter((upload) => upload.status !== undefined && upload.status >= 400 && upload.path !== '/static/exception-autocapture.js');
    expect(refused.map(({ method, path, status }) => `${method} ${path} ${status}`)).toEqual([]);
    expect(tap.uploads.filter((upload) => upload.query.has('retry_count')), 'retries').toEqual([]);
    expect(tap.uploads.some((upload) => /recorder/.test(upload.path)), 'the recorder comes from our server').toBe(true);

    const events = await server.eventsOf(replay);
    expectNoDuplicates(events);
    expectInOrder(events);
    expect(fullSnapshots(events).length).toBeGreaterThanOrEqual(3);
    // 1.172 leaves the event that names the page out after the first one; its `$pageview` is there.
    const viewed = events.filter((event) => event.type === 5 && event.data.tag === '$pageview').map((event) => new URL(event.data.payload.href).pathname);
    expect(new Set([...openedPages(events), ...viewed])).toEqual(new Set(['/one.html', '/two.html']));
    expectNoSecrets(events, [...Object.values(typedSecrets), ...pageSecrets.filter((secret) => !/shadow|nested|bold/.test(secret))], { keyIsShown: true });
    expect(JSON.stringify(events), 'compressed values are plain').not.toContain('"cv":');

    const facts = await factsOf(server, replay);
    const kinds = new Set(facts.map((fact) => fact.kind));
    for (const kind of ['page_view', 'click', 'input']) expect.soft([...kinds], kind).toContain(kind);
    const sent = await server.get<{ events: { event_type: string }[] }>('/api/v1/events?event_type=basket%20opened');
    expect(sent.events.length).toBeGreaterThan(0);
    await expect.poll(async () => (await errorsOf(server, replay)).map((error) => error.message)).toEqual(['no such fruit']);
    // The visitor was nobody, then somebody.
    const { users } = await server.get<{ users: { user_id: string; email: string; identity_count: number }[] }>(`/api/v1/users?identity=${encodeURIComponent(userId)}`);
    expect(users).toHaveLength(1);
    expect(users[0]).toMatchObject({ user_id: userId, email: `${userId}@mail.example` });
    expect(users[0]!.identity_count).toBeGreaterThanOrEqual(2);

    for (const [number, live] of visit.pages.entries()) {
      const player = await context.newPage();
      await loadPlayer(player, `${site.origin}/blank.html`, version === '1.172.0' ? fromLastSnapshot(events, live.at_ms) : events);
      const options = { attributeMarks: true, recorder: 'posthog' as const, more: [inlineAdoptedSheets] };
      const rebuilt = await rebuiltAt(player, live.at_ms);
      expect.soft(outline(rebuilt, 'rebuilt', options), `page ${number + 1} of the visit`).toBe(outline(live.root, 'live', options));
      await player.close();
    }
  });
}
