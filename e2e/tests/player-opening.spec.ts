// How a replay opens: what is asked for, when, and how often; and what happens when the server goes away.
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';
import type { Replay, Server } from '../support/server';
import { offsetShown, openPaused } from './player-story';

let uploads = 0;

/** `padding` makes a recording too long to be loaded whole. */
async function upload(server: Server, padding = 0): Promise<Replay> {
  const start_ms = Date.now() - 18_000_000 - (uploads += 1) * 300_000;
  const pad = Array.from({ length: 120 }, (_, second) => ({ type: 5, timestamp: start_ms + second * 1000 + 500, data: { tag: 'pad', payload: 'x'.repeat(padding) } }));
  const events = [...countingRecording(start_ms, 120), ...pad].sort((a, b) => a.timestamp - b.timestamp);
  return server.upload(`visitor-opening-${start_ms}`, String(start_ms), events);
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

for (const [name, padding] of [['small', 0], ['long', 40_000]] as const) {
  test(`a ${name} replay is asked for before the app is there, and only once`, async ({ page, server }) => {
    const replay = await upload(server, padding);
    const asked: string[] = [];
    page.on('request', (request) => {
      const { origin, pathname, search } = new URL(request.url());
      if (origin === server.origin && pathname.startsWith('/api/')) asked.push(pathname.replace(`/api/v1/replays/${replay.id}`, '') + (search.includes('at=') ? '?at' : ''));
    });
    let arrives!: () => void;
    const app = new Promise<void>((resolve) => (arrives = resolve));
    await page.route('**/_app/immutable/entry/*', async (route) => {
      await app;
      await route.continue();
    });
    await page.goto(`${server.origin}/replays/${replay.id}?t=60`, { waitUntil: 'commit' });
    await expect.poll(() => asked).toEqual(['/api/v1/me', '/manifest', '/playback?at']);
    arrives();
    await expect(recordedPage(page).getByText('second 60', { exact: true })).toBeVisible();
    await expect.poll(() => asked).toContain('/neighbours');
    for (const path of ['/api/v1/me', '/manifest', '/playback?at']) expect(asked.filter((other) => other === path), path).toHaveLength(1);

    // The other way round: the app waits for the manifest when it comes.
    asked.length = 0;
    await page.route('**/manifest', async (route) => {
      await page.getByRole('region', { name: 'Replay' }).waitFor();
      await route.continue();
    });
    await page.reload();
    await expect(recordedPage(page).getByText('second 60', { exact: true })).toBeVisible();
    await expect.poll(() => asked).toContain('/neighbours');
    for (const path of ['/manifest', '/playback?at']) expect(asked.filter((other) => other === path), path).toHaveLength(1);
  });
}

test('what is less urgent waits for the first picture', async ({ page, server }) => {
  const replay = await upload(server);
  await page.addInitScript(() => {
    if (window !== top) return;
    addEventListener('message', ({ data }) => {
      if (data?.kind === 'shown') ((window as any).shown_ms ??= performance.now());
    });
  });
  await openPaused(page, server.origin, replay.id, 5);
  await expect(page.getByRole('region', { name: 'Panels' }).getByRole('listitem').first()).toBeVisible();
  const { shown_ms, begun } = await page.evaluate(() => ({
    shown_ms: (window as any).shown_ms as number,
    begun: performance.getEntriesByType('resource').map(({ name, startTime }) => ({ name, at_ms: startTime })),
  }));
  for (const part of ['/neighbours', '/errors', '/facts']) {
    const first = begun.find(({ name }) => name.includes(part));
    expect(first?.at_ms, part).toBeGreaterThan(shown_ms);
  }
});

test('an early answer that failed is no answer', async ({ page, server }) => {
  const replay = await upload(server);
  let manifests = 0;
  await page.route('**/manifest', (route) => ((manifests += 1) === 1 ? route.abort() : route.continue()));
  await openPaused(page, server.origin, replay.id, 5);
  await expect(recordedPage(page).getByText('second 5', { exact: true })).toBeVisible();
  expect(manifests).toBe(2);
});

test('without the server it says so, plays what it has, and goes on by itself', async ({ page, context, server }) => {
  const replay = await upload(server, 40_000);
  await openPaused(page, server.origin, replay.id, 2);
  await expect(recordedPage(page).getByText('second 2', { exact: true })).toBeVisible();
  await page.waitForLoadState('networkidle');
  await context.setOffline(true);
  await expect(page.getByText('You are offline.')).toBeVisible();
  await page.locator('body').press('Space');
  await expect.poll(() => offsetShown(page), { message: 'what is loaded plays' }).toBeGreaterThan(3);
  await page.locator('body').press('9');
  await expect(page.getByText(/could not be loaded/)).toBeVisible();
  await context.setOffline(false);
  // Nothing is pressed.
  await expect(recordedPage(page).getByText(/^second 1(0[89]|1\d)$/)).toBeVisible();
  await expect(page.getByText(/could not be loaded/)).toBeHidden();
  await expect(page.getByText('You are offline.')).toBeHidden();
});
