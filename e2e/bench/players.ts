// Our player and the stock one, driven the same way: open, seek, play.
import type { Browser, BrowserContext, CDPSession, Page } from '@playwright/test';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { signIn } from '../support/app';
import type { Replay, Server } from '../support/server';

const stock_dist = dirname(createRequire(import.meta.url).resolve('rrweb-player'));

export interface BenchedPlayer {
  name: string;
  page: Page;
  /**
   * From nothing to the first painted frame, in milliseconds; `part` of the replay, 0 to 1, is where it
   * opens. Ours counts from the address on, with the app; the stock player's script is there already.
   */
  open(part?: number): Promise<number>;
  /** To a part of the replay between 0 and 1; until it is painted. */
  seek(part: number): Promise<number>;
  play(speed: number): Promise<void>;
  pause(): Promise<void>;
  heapBytes(): Promise<number>;
  close(): Promise<void>;
}

/** Used heap after garbage collection, of the page with all its frames. */
async function heapBytes(cdp: CDPSession): Promise<number> {
  await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  return metrics.find((metric) => metric.name === 'JSHeapUsedSize')?.value ?? 0;
}

async function newPage(browser: Browser, server: Server, bypassCSP: boolean): Promise<{ context: BrowserContext; page: Page; cdp: CDPSession }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP });
  await signIn(context, server);
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  return { context, page, cdp };
}

/** Long enough that no player that works runs into it, short enough that the run ends. */
const limit_ms = 45_000;

export async function ourPlayer(browser: Browser, server: Server, replay: Replay): Promise<BenchedPlayer> {
  const { context, page, cdp } = await newPage(browser, server, false);
  await page.addInitScript(() => {
    if (window !== top) return;
    const bench = ((window as any).bench = { shown: [] as number[] });
    addEventListener('message', (event) => {
      if (event.data?.kind !== 'shown' || (event.source as any)?.frameElement?.title !== 'Recorded page') return;
      // Two frames later it has been painted.
      requestAnimationFrame(() => requestAnimationFrame(() => bench.shown.push(performance.now())));
    });
  });
  const nextShown = (known: number) => page.waitForFunction((count) => (window as any).bench.shown.length > count, known, { polling: 20, timeout: limit_ms });
  const shownCount = () => page.evaluate(() => (window as any).bench.shown.length as number);
  return {
    name: 'reenact',
    page,
    async open(part = 0) {
      const { first_event_ms, last_event_ms } = await server.get<{ first_event_ms: number; last_event_ms: number }>(`/api/v1/replays/${replay.id}/manifest`);
      const seconds = (((last_event_ms - first_event_ms) * part) / 1000).toFixed(1);
      await page.goto(`${server.origin}/replays/${replay.id}?t=${seconds}`);
      await nextShown(0);
      return page.evaluate(() => (window as any).bench.shown[0]);
    },
    async seek(part) {
      const known = await shownCount();
      const box = (await page.locator('.timeline .picture').boundingBox())!;
      const start = await page.evaluate(
        ({ x, y }) => {
          // The slider's own area: a marker in the way would go somewhere else.
          const area = document.querySelector('.timeline .area')!;
          const point = { clientX: x, clientY: y, bubbles: true, pointerId: 1, pointerType: 'mouse', button: 0 };
          const slider = area.querySelector('[role=slider]') as HTMLElement;
          slider.setPointerCapture = () => {};
          slider.releasePointerCapture = () => {};
          const start_ms = performance.now();
          area.dispatchEvent(new PointerEvent('pointerdown', point));
          area.dispatchEvent(new PointerEvent('pointerup', point));
          return start_ms;
        },
        { x: box.x + box.width * part, y: box.y + 4 },
      );
      await nextShown(known);
      return (await page.evaluate((count) => (window as any).bench.shown[count], known)) - start;
    },
    async play(speed) {
      await page.getByLabel('Speed').selectOption(String(speed));
      await page.getByRole('checkbox', { name: 'Skip idle' }).first().uncheck();
      await page.getByRole('button', { name: 'Play', exact: true }).click();
    },
    async pause() {
      const pause = page.getByRole('button', { name: 'Pause', exact: true });
      if (await pause.isVisible()) await pause.click();
    },
    heapBytes: () => heapBytes(cdp),
    close: () => context.close(),
  };
}

export async function stockPlayer(browser: Browser, server: Server, replay: Replay): Promise<BenchedPlayer> {
  // It is put into an empty page of the same origin; the policy of the app would not let it in.
  const { context, page, cdp } = await newPage(browser, server, true);
  page.setDefaultTimeout(limit_ms);
  await page.goto(`${server.origin}/login`);
  await page.evaluate(() => document.body.replaceChildren());
  await page.addStyleTag({ path: join(stock_dist, 'style.css') });
  await page.addScriptTag({ path: join(stock_dist, 'rrweb-player.umd.min.cjs') });
  const path = `/api/v1/replays/${encodeURIComponent(replay.id)}`;
  return {
    name: 'rrweb-player',
    page,
    open: (part = 0) =>
      limited(
        page.evaluate(async ([replay_path, at_part]) => {
          const start_ms = performance.now();
          const manifest = await (await fetch(`${replay_path}/manifest`)).json();
          const events: unknown[] = [];
          for (const { from_ms, to_ms } of manifest.chunks) {
            for (const event of await (await fetch(`${replay_path}/playback?from=${from_ms}&to=${to_ms}`)).json()) events.push(event);
          }
          const Player = (window as any).rrwebPlayer.Player ?? (window as any).rrwebPlayer.default ?? (window as any).rrwebPlayer;
          const player = new Player({ target: document.body, props: { events, autoPlay: false, skipInactive: false, showController: true, width: 1200, height: 700 } });
          const bench = { player, total_ms: manifest.last_event_ms - manifest.first_event_ms };
          (window as any).bench = bench;
          player.goto(bench.total_ms * at_part, false);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return performance.now() - start_ms;
        }, [path, part] as const),
      ),
    seek: (part) =>
      limited(
        page.evaluate(async (to_part) => {
          const { player, total_ms } = (window as any).bench;
          const start_ms = performance.now();
          player.goto(total_ms * to_part, false);
          await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
          return performance.now() - start_ms;
        }, part),
      ),
    play: (speed) =>
      page.evaluate((times) => {
        const { player } = (window as any).bench;
        player.setSpeed(times);
        player.play();
      }, speed),
    pause: () => page.evaluate(() => (window as any).bench.player.pause()),
    heapBytes: () => heapBytes(cdp),
    close: () => context.close(),
  };
}

/** A page whose script never ends would hold up the whole run. */
function limited<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, new Promise<T>((_, fail) => setTimeout(() => fail(new Error(`not done after ${limit_ms / 1000} s`)), limit_ms))]);
}

/** Frames that were not painted in time while something plays. */
export async function droppedFrames(page: Page, duration_ms: number): Promise<{ frames: number; dropped: number }> {
  return page.evaluate(async (length_ms) => {
    const frame_ms = 1000 / 60;
    let frames = 0;
    let dropped = 0;
    const start_ms = performance.now();
    let last_ms = start_ms;
    while (last_ms - start_ms < length_ms) {
      const now_ms = await new Promise<number>((done) => requestAnimationFrame(done));
      frames += 1;
      dropped += Math.max(0, Math.round((now_ms - last_ms) / frame_ms) - 1);
      last_ms = now_ms;
    }
    return { frames, dropped };
  }, duration_ms);
}
