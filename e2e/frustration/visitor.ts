// What a visitor does to the playground, with real input.
import type { Page } from '@playwright/test';

export interface Point {
  x: number;
  y: number;
}

/** A gap between clicks may be so much longer than the script says. */
const most_late_ms = 200;

export class Visitor {
  /** The machine was too busy to click as fast as the script says, so its label says nothing. */
  isLate = false;

  constructor(readonly page: Page) {}

  wait(time_ms: number): Promise<void> {
    return this.page.waitForTimeout(time_ms);
  }

  /** The middle of an element, scrolled into view. */
  async middle(selector: string): Promise<Point> {
    const element = this.page.locator(selector);
    await element.scrollIntoViewIfNeeded();
    const box = await element.boundingBox();
    if (!box) throw new Error(`${selector} has no box`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  }

  /** Clicks one after the other, as fast as a finger. */
  async click(selector: string, { times = 1, gap_ms = 160 }: { times?: number; gap_ms?: number } = {}): Promise<void> {
    const { x, y } = await this.middle(selector);
    await this.page.mouse.move(x, y);
    let before_ms = Infinity;
    for (let count = 0; count < times; count += 1) {
      if (count > 0) await this.wait(gap_ms);
      await this.page.mouse.click(x, y);
      const now_ms = performance.now();
      this.isLate ||= now_ms - before_ms > gap_ms + most_late_ms;
      before_ms = now_ms;
    }
  }

  /** A double or triple click, which selects. */
  async select(selector: string, clicks: 2 | 3): Promise<void> {
    const { x, y } = await this.middle(selector);
    await this.page.mouse.click(x, y, { clickCount: clicks, delay: 40 });
  }

  async move(points: Point[], { steps = 5, pause_ms = 0 }: { steps?: number; pause_ms?: number } = {}): Promise<void> {
    for (const { x, y } of points) {
      await this.page.mouse.move(x, y, { steps });
      if (pause_ms > 0) await this.wait(pause_ms);
    }
  }
}

/** To and fro between two points. */
export function between(first: Point, second: Point, turns: number): Point[] {
  return Array.from({ length: turns }, (_, turn) => (turn % 2 === 0 ? first : second));
}
