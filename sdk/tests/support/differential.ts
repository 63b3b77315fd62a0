// One page recorded by us and by the reference, both played by the real player.
import { expect, test as base, type Page } from '@playwright/test';
import { bundle } from './bundle';
import type { Way } from './replay-page';

export interface Files {
  [path: string]: string;
}

/** Says where two dumps part; the usual comparison takes a minute for a large page. */
export function expectSame(actual: string[], expected: string[], what: string): void {
  const at = actual.findIndex((line, index) => line !== expected[index]);
  if (at < 0 && actual.length === expected.length) return;
  const from = Math.max(0, (at < 0 ? expected.length : at) - 6);
  expect(actual.slice(from, from + 20), `${what}, from line ${from}`).toEqual(expected.slice(from, from + 20));
  throw new Error(`${what} differ in length: ${actual.length} and ${expected.length}`);
}

const TYPES: Record<string, string> = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

export class Duel {
  constructor(
    readonly page: Page,
    private readonly player: Page,
  ) {}

  /** Opens a page; with `isStarted` both recorders run. */
  async open(html: string, files: Files = {}, isStarted = true): Promise<void> {
    await this.page.unrouteAll();
    await this.page.route('http://page.test/**', (route) => {
      const path = new URL(route.request().url()).pathname;
      const file = path === '/' ? html : files[path];
      if (file === undefined) return route.fulfill({ status: 404, body: '' });
      return route.fulfill({ body: file, contentType: TYPES[path.split('.').pop()!] ?? 'text/html' });
    });
    await this.page.goto('http://page.test/');
    await this.page.evaluate(await bundle('recorded-page.ts'));
    if (isStarted) await this.page.evaluate(() => window.harness.start());
  }

  /** Both recordings, played, show what the page shows. */
  async check(way: Way = 'virtual', isReferenceRight = true): Promise<void> {
    const recorded = await this.page.evaluate(async () => {
      await window.harness.settled();
      return { ...window.harness.recordings, page: window.harness.dump() };
    });
    expect(recorded.errors).toEqual([]);
    const play = (events: unknown[]) =>
      this.player.evaluate(([events, way]) => window.replay(events as any[], way as Way), [events, way] as const);
    const ours = await play(recorded.ours);
    if (process.env.SDK_TEST_DEBUG) console.log(JSON.stringify(recorded.ours, null, 1).slice(0, 20_000));
    expectSame(ours, recorded.page, 'our recording and the page');
    if (isReferenceRight) expectSame(await play(recorded.reference), ours, 'the reference and our recording');
  }

  /** What both recordings show at the given times. */
  async playAt(times_ms: number[], way: Way): Promise<{ ours: string[][]; reference: string[][] }> {
    const recorded = await this.page.evaluate(() => window.harness.recordings);
    expect(recorded.errors).toEqual([]);
    const play = (events: unknown[]) => this.play(events, times_ms, way);
    return { ours: await play(recorded.ours), reference: await play(recorded.reference) };
  }

  play(events: unknown[], times_ms: number[], way: Way = 'virtual'): Promise<string[][]> {
    return this.player.evaluate(
      ([events, times_ms, way]) => window.replayAt(events as any[], times_ms as number[], way as Way),
      [events, times_ms, way] as const,
    );
  }
}

export const test = base.extend<{ duel: Duel }, { replayPage: Page }>({
  replayPage: [
    async ({ browser }, use) => {
      const page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
      await page.route('http://player.test/**', (route) =>
        route.fulfill({ body: '<!doctype html><body>', contentType: 'text/html' }),
      );
      await page.goto('http://player.test/');
      await page.evaluate(await bundle('replay-page.ts'));
      await use(page);
      await page.close();
    },
    { scope: 'worker' },
  ],
  duel: async ({ page, replayPage }, use) => {
    await use(new Duel(page, replayPage));
  },
});

export { expect };
