// Real Sentry SDKs record a real page in a real browser and real servers go on with its
// traces: everything arrives, nothing is sent again, and the replay is the page.
import type { Page } from '@playwright/test';
import { Backend, pythonMissing } from '../support/backend';
import { expectAcceptedOnce, expectInOrder, expectNoDuplicates, expectNoSecrets } from '../support/checks';
import { inlineAdoptedSheets, outline } from '../support/compare';
import { expect, test } from '../support/fixtures';
import { errorsOf, factsOf, spansOf } from '../support/panels';
import { loadPlayer, rebuiltAt } from '../support/rebuild';
import { recordedPage, signIn } from '../support/app';
import { credentials, type Replay, type Server } from '../support/server';
import type { Site } from '../support/site';
import type { Tap } from '../support/tap';
import { flushedTo, fullSnapshots, openedPages, pageSecrets, typedSecrets, visitSite } from '../support/visit';

const versions = [7, 8, 10, 11];

const replayIdOf = (page: Page) => page.evaluate(() => (window as any).replayId() as string);
const dsnOf = (origin: string, project: number) => `${origin.replace('://', `://${credentials.ingestKey}@`)}/${project}`;

function useSdk(site: Site, tap: Tap, version: number, options: Record<string, unknown> = {}): string {
  const deviceId = `visitor-${version}-${Date.now()}`;
  site.use({ scripts: [`sentry-browser-${version}.js`], start: 'sentry', config: { ingestKey: credentials.ingestKey, server: tap.origin, deviceId, sessionId: 0, options } });
  return deviceId;
}

async function replayOf(server: Server, id: string): Promise<Replay> {
  await expect.poll(async () => (await server.replaysOf(id)).length, { timeout: 30_000 }).toBe(1);
  return (await server.replaysOf(id))[0]!;
}

/** One of everything that a panel shows. */
async function makeFacts(page: Page): Promise<void> {
  await page.evaluate(async () => {
    console.warn('the shelf is low', { left: 2 });
    await fetch('/frame.html');
    await fetch('/no-such-file.html');
    setTimeout(() => {
      throw new TypeError('no such fruit');
    });
    await new Promise((done) => setTimeout(done, 50));
  });
}

for (const version of versions) {
  test(`records and replays a visit: @sentry/browser ${version}`, async ({ context, server, site, tap }) => {
    const userId = useSdk(site, tap, version);
    const ids = new Set<string>();
    const visit = await visitSite(context, {
      siteOrigin: site.origin,
      deviceId: userId,
      beforeLeaving: async (page) => {
        if (ids.size === 0) await makeFacts(page);
        ids.add(await replayIdOf(page));
        await flushedTo(server, tap, replayIdOf)(page);
      },
    });
    expect(ids.size, 'reload and second page belong to the same replay').toBe(1);
    const [id] = [...ids] as [string];
    await expect.poll(() => tap.underWay, { timeout: 20_000 }).toBe(0);
    await server.settled(id);
    const replay = await replayOf(server, id);
    expect(replay).toMatchObject({ session_id: id, playable: true, source: 'sentry', user_id: userId, release: 'e2e-site@1.0.0', environment: 'e2e' });

    const events = await server.eventsOf(replay);
    expectNoDuplicates(events);
    expectInOrder(events);
    expectAcceptedOnce(tap);
    expect(fullSnapshots(events).length).toBeGreaterThanOrEqual(3);
    expect(new Set(openedPages(events))).toEqual(new Set(['/one.html', '/two.html']));
    expectNoSecrets(events, [...Object.values(typedSecrets), ...pageSecrets.filter((secret) => !/shadow|nested/.test(secret))]);

    // Every panel has something from this source.
    const facts = await factsOf(server, replay);
    const kinds = new Set(facts.map((fact) => fact.kind));
    for (const kind of ['page_view', 'click', 'input', 'console', 'network', 'memory', 'web_vital']) expect.soft([...kinds], kind).toContain(kind);
    expect(facts.find((fact) => fact.kind === 'console' && fact.level === 'warn')?.message).toContain('the shelf is low');
    const failed = facts.filter((fact) => fact.kind === 'network' && fact.failed);
    expect(failed.map((fact) => fact.url)).toEqual([expect.stringContaining('/no-such-file.html')]);
    await expect.poll(async () => (await errorsOf(server, replay)).map((error) => error.message)).toEqual(['no such fruit']);

    for (const [number, live] of visit.pages.entries()) {
      const player = await context.newPage();
      await loadPlayer(player, `${site.origin}/blank.html`, events);
      const options = { attributeMarks: true, recorder: 'sentry' as const, more: [inlineAdoptedSheets] };
      const rebuilt = await rebuiltAt(player, live.at_ms);
      expect.soft(outline(rebuilt, 'rebuilt', options), `page ${number + 1} of the visit`).toBe(outline(live.root, 'live', options));
      await player.close();
    }
  });
}

for (const version of [8, 11]) {
  test(`a buffered replay with a click that is late: @sentry/browser ${version}`, async ({ page, server, site, tap }) => {
    useSdk(site, tap, version, { buffered: true });
    await page.goto(`${site.origin}/one.html`);
    await page.waitForFunction(() => (window as any).replayId());
    // The SDK tells of repeated clicks seconds later, when the error has made it take a
    // new snapshot in which all nodes have other numbers.
    for (let count = 0; count < 3; count += 1) await page.getByRole('button', { name: 'Add item' }).click();
    await page.getByRole('button', { name: 'A button', exact: true }).click();
    await page.waitForTimeout(1_000);
    expect(await server.replaysOf(await replayIdOf(page)), 'nothing is sent before an error').toEqual([]);
    await makeFacts(page);
    const id = await replayIdOf(page);
    const replay = await replayOf(server, id);
    const isLate = (event: any) => event.type === 5 && event.data.payload?.category === 'ui.multiClick';
    // The note itself makes the SDK send nothing; it goes with what comes next.
    await expect
      .poll(
        async () => {
          await page.evaluate(() => (window as any).flushReplay());
          return (await server.eventsOf(replay)).filter(isLate).length;
        },
        { timeout: 30_000, intervals: [1_000] },
      )
      .toBe(1);
    await flushedTo(server, tap, id)(page);
    const events = await server.eventsOf(replay);
    expect(events.filter((event) => event.type === 2).length).toBeGreaterThanOrEqual(2);
    const clicks = (await factsOf(server, replay)).filter((fact) => fact.kind === 'click');
    expect(clicks.map((click) => click.label)).toEqual(['Add item', 'Add item', 'Add item', 'A button']);
    expect((await errorsOf(server, replay)).map((error) => error.message)).toEqual(['no such fruit']);
    expectAcceptedOnce(tap);
  });
}

for (const kind of ['node', 'python'] as const) {
  for (const version of kind === 'node' ? [8, 11] : [10]) {
    test(`an error behind the page is in its replay: ${kind} behind @sentry/browser ${version}`, async ({ page, server, site, tap }) => {
      if (kind === 'python') test.skip(Boolean(pythonMissing), pythonMissing);
      useSdk(site, tap, version);
      const backend = await Backend.start(kind, dsnOf(server.origin, 43));
      try {
        await page.goto(`${site.origin}/one.html`);
        await page.waitForFunction(() => (window as any).replayId());
        await page.getByRole('button', { name: 'Add item' }).click();
        const status = await page.evaluate(async (origin) => (await fetch(`${origin}/backend/fail`)).status, backend.origin);
        expect(status).toBe(500);
        await makeFacts(page);
        await flushedTo(server, tap, replayIdOf)(page);
      } finally {
        await backend.stop();
      }
      const replay = await replayOf(server, await replayIdOf(page));
      const message = `the ${kind === 'node' ? 'Node' : 'Python'} shelf is empty`;
      await expect
        .poll(async () => (await errorsOf(server, replay)).map((error) => [error.message, error.is_server_side]).sort(), { timeout: 20_000 })
        .toEqual([['no such fruit', false], [message, true]].sort());
      await expect.poll(async () => (await spansOf(server, replay)).filter((span) => span.is_server_side).map((span) => span.name)).toContain('GET /backend/fail');

      // Both are in the player, and the error behind the page says so.
      const player = await page.context().newPage();
      await signIn(page.context(), server);
      await player.goto(`${server.origin}/replays/${encodeURIComponent(replay.id)}?tab=errors`);
      await expect(recordedPage(player).getByRole('heading', { name: 'Page one' })).toBeVisible();
      const panels = player.getByRole('region', { name: 'Panels' });
      await expect(panels.getByRole('listitem').filter({ hasText: 'no such fruit' })).toHaveCount(1);
      const behind = panels.getByRole('listitem').filter({ hasText: message });
      await expect(behind).toContainText('Server');
      // The issue leads back to the replay.
      await behind.getByRole('button').first().click();
      await panels.getByRole('link', { name: /issue/i }).first().click();
      await expect(player.getByRole('heading', { level: 1 })).toContainText(message);
      await player.getByRole('link', { name: /^Watch/ }).first().click();
      await expect(recordedPage(player).getByRole('heading', { name: 'Page one' })).toBeVisible();
      expect(new URL(player.url()).searchParams.get('t'), 'opens at the moment').not.toBeNull();
    });
  }
}
