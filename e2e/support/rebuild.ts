// Plays a recording in the real player of rrweb, on a page without anything else.
import type { Page } from '@playwright/test';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describeRebuilt, type PageRoot } from './page-tree';
import type { RrwebEvent } from './server';

const require = createRequire(import.meta.url);
const playerScript = join(dirname(require.resolve('@rrweb/replay')), '..', 'umd', 'replay.min.js');

/** Loads the recording; `blankUrl` is an empty page on an ordinary origin. */
export async function loadPlayer(page: Page, blankUrl: string, events: RrwebEvent[]): Promise<void> {
  await page.goto(blankUrl);
  await page.addScriptTag({ path: playerScript });
  await page.evaluate((recorded) => {
    const { Replayer } = (window as any).rrwebReplay;
    (window as any).replayer = new Replayer(recorded, { mouseTail: false, showWarning: false, loadTimeout: 1 });
  }, events as any);
}

/** Shows the page as it was at this moment and describes it. */
export async function rebuiltAt(page: Page, at_ms: number): Promise<PageRoot> {
  await page.evaluate(async (moment_ms) => {
    const replayer = (window as any).replayer;
    // The player applies what is before the offset, hence one more.
    replayer.pause(moment_ms - replayer.getMetaData().startTime + 1);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  }, at_ms);
  return describeRebuilt(page.mainFrame());
}
