// Recordings of mobile devices play: films of the screen from Sentry's SDKs, wireframes
// from PostHog's.
import type { Page } from '@playwright/test';
import { recordedPage, secondsShown, signIn, timeSlider } from '../support/app';
import { expectClean } from '../support/axe';
import { sendCaptured } from '../support/captured';
import { expect, test } from '../support/fixtures';
import { errorsOf } from '../support/panels';
import { Server, type Replay } from '../support/server';

interface Manifest {
  first_event_ms: number;
  video: { id: string; at_ms: number; duration_ms: number; width_px: number; height_px: number }[];
}

async function withServer(key: string, use: (server: Server) => Promise<void>): Promise<void> {
  const server = await Server.start({ env: { REENACT_BOOTSTRAP_INGEST_KEY: key } });
  try {
    await use(server);
  } finally {
    await server.stop();
  }
}

const replaysOf = async (server: Server) => (await server.get<{ replays: Replay[] }>('/api/v1/replays?limit=100')).replays;

/** What is on the screen: the film's picture, in small. */
const picture = (page: Page) =>
  page.evaluate(() => {
    const film = document.querySelector<HTMLVideoElement>('video.seen');
    if (!film || film.readyState < 2) return null;
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = 16;
    const context = canvas.getContext('2d')!;
    context.drawImage(film, 0, 0, 16, 16);
    return { part: film.dataset.part, second: film.currentTime, pixels: [...context.getImageData(0, 0, 16, 16).data].join() };
  });

test('films of the screen play by the clock of the player', async ({ page, context }) => {
  await withServer('0123456789abcdef0123456789abcdef', async (server) => {
    await sendCaptured(server.origin, 'sentry/replay-video-synthetic');
    await expect.poll(async () => (await replaysOf(server)).length).toBe(2);
    await signIn(context, server);
    const replays = await replaysOf(server);
    const manifests = await Promise.all(replays.map((replay) => server.get<Manifest>(`/api/v1/replays/${encodeURIComponent(replay.id)}/manifest`)));
    const index = manifests.findIndex((manifest) => manifest.video.length === 2);
    expect(index, 'the Android replay has two films').toBeGreaterThanOrEqual(0);
    const [replay, manifest] = [replays[index]!, manifests[index]!];

    await page.goto(`${server.origin}/replays/${encodeURIComponent(replay.id)}?t=0.5`);
    await expect.poll(() => picture(page)).not.toBeNull();
    const first = (await picture(page))!;
    expect(first.part).toBe(manifest.video[0]!.id);
    expect(new Set(first.pixels.split(',')).size, 'the picture is not one colour').toBeGreaterThan(2);

    // A seek into the second film shows that one, at the right place.
    const second = manifest.video[1]!;
    const offset_s = (second.at_ms - manifest.first_event_ms) / 1000 + 2;
    await page.goto(`${server.origin}/replays/${encodeURIComponent(replay.id)}?t=${offset_s.toFixed(1)}`);
    await expect.poll(async () => (await picture(page))?.part).toBe(second.id);
    await expect.poll(async () => Math.abs(((await picture(page))?.second ?? 99) - 2)).toBeLessThan(0.3);

    // From the start, playing, over the seam between the films to the end.
    await timeSlider(page).press('Home');
    await expect.poll(async () => (await picture(page))?.part).toBe(manifest.video[0]!.id);
    await page.getByRole('button', { name: 'Play', exact: true }).click();
    await expect.poll(async () => (await picture(page))?.part, { timeout: 30_000 }).toBe(second.id);
    await expect.poll(() => secondsShown(page), { timeout: 30_000 }).toBeGreaterThan(offset_s);

    // The error of the device is linked by the envelope's trace alone.
    expect((await errorsOf(server, replay)).length).toBe(1);
    await expectClean(page, 'a replay with films');

    const other = replays[1 - index]!;
    await page.goto(`${server.origin}/replays/${encodeURIComponent(other.id)}?t=0.5`);
    await expect.poll(async () => (await picture(page))?.part, { message: 'the iOS film' }).toBeDefined();
  });
});

test('wireframes play as a page', async ({ page, context }) => {
  await withServer('phc_capture_demo_token', async (server) => {
    await sendCaptured(server.origin, 'posthog/mobile-synthetic');
    await expect.poll(async () => (await replaysOf(server)).length).toBeGreaterThan(0);
    await signIn(context, server);
    for (const replay of await replaysOf(server)) {
      expect(replay.playable).toBe(true);
      await page.goto(`${server.origin}/replays/${encodeURIComponent(replay.id)}?t=0.5`);
      const boxes = recordedPage(page).locator('body *');
      await expect.poll(() => boxes.count(), { timeout: 15_000 }).toBeGreaterThan(0);
      const sizes = await boxes.evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ width, height }) => width * height));
      expect(Math.max(...sizes), 'it can be seen').toBeGreaterThan(1_000);
    }
  });
});
