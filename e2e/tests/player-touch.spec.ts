// A visit with fingers: recorded from a real touch screen as far as Chromium has one, and one by hand.
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { element, mutation, page as recordedDocument, text } from '../support/recordings';
import type { RrwebEvent } from '../support/server';
import { changeSetting, openPaused } from './player-story';

const recorder = readFileSync(join(import.meta.dirname, '../.cache/rrweb-record-2.1.6.js'), 'utf8');

/** Where red is drawn over the page, in its own pixels; null when nothing is. */
function redAt(page: Page): Promise<{ left: number; right: number; top: number; bottom: number } | null> {
  const overlay = page.frameLocator('iframe[title="Recorded page"]').locator('canvas.overlay');
  return overlay.evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    const box = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
    for (let index = 0; index < data.length; index += 4) {
      if (data[index]! < 150 || data[index + 3]! < 20) continue;
      const [x, y] = [(index / 4) % width, Math.floor(index / 4 / width)];
      box.left = Math.min(box.left, x);
      box.right = Math.max(box.right, x);
      box.top = Math.min(box.top, y);
      box.bottom = Math.max(box.bottom, y);
    }
    return box.left <= box.right ? box : null;
  });
}

/** A ring is around the point where the finger was, and a good deal wider than a line. */
async function expectRing(page: Page, x: number, y: number): Promise<void> {
  await expect
    .poll(
      async () => {
        const box = await redAt(page);
        if (!box) return 'nothing';
        const centre = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
        const width = box.right - box.left;
        return Math.hypot(centre.x - x, centre.y - y) < 4 && width >= 12 && width <= 60 ? 'a ring' : JSON.stringify({ ...box });
      },
      { intervals: [40], timeout: 20_000 },
    )
    .toBe('a ring');
}

async function withoutTrail(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More controls' }).click();
  await changeSetting(page, () => page.getByRole('checkbox', { name: 'Pointer trail' }).uncheck());
  await page.keyboard.press('Escape');
}

async function withTrail(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'More controls' }).click();
  await changeSetting(page, () => page.getByRole('checkbox', { name: 'Pointer trail' }).check());
  await page.keyboard.press('Escape');
}

test.beforeEach(async ({ context, server }) => signIn(context, server));

test('taps of a real touch screen are rings', async ({ page, browser, server }) => {
  const phone = await browser.newContext({ hasTouch: true, isMobile: true, viewport: { width: 400, height: 700 } });
  const site = await phone.newPage();
  await site.setContent('<!doctype html><title>Taps</title><meta name="viewport" content="width=device-width"><body style="margin:0"><button style="position:absolute;left:60px;top:80px;width:120px;height:60px">One</button><p id="count">0</p>');
  await site.addScriptTag({ content: recorder });
  await site.evaluate(() => {
    const events: unknown[] = ((window as any).events = []);
    (window as any).rrwebRecord.record({ emit: (event: unknown) => events.push(event) });
    let count = 0;
    document.querySelector('button')!.addEventListener('click', () => (document.getElementById('count')!.textContent = String((count += 1))));
  });
  await site.waitForTimeout(1_500);
  for (let tap = 0; tap < 2; tap += 1) {
    await site.touchscreen.tap(120, 110);
    await site.waitForTimeout(1_500);
  }
  await expect(site.locator('#count')).toHaveText('2');
  const events = await site.evaluate(() => (window as any).events as RrwebEvent[]);
  await phone.close();
  expect(events.some(({ type, data }) => type === 3 && data.source === 2 && data.type === 7), 'the recorder saw a touch').toBe(true);
  // Long enough ago to be no live visit.
  const shift_ms = 3_600_000;
  const replay = await server.upload(`visitor-taps-${Date.now()}`, String(Date.now()), events.map((event) => ({ ...event, timestamp: event.timestamp - shift_ms })));

  await openPaused(page, server.origin, replay.id, 0);
  await withoutTrail(page);
  expect(await redAt(page)).toBeNull();
  await page.getByRole('button', { name: 'Play', exact: true }).click();
  await expectRing(page, 120, 110);
  await expect(recordedPage(page).locator('#count')).toHaveText('2', { timeout: 20_000 });
  await withTrail(page);
});

test('a drawn finger leaves a line that can be switched off, masked and blocked stay hidden', async ({ page, server }) => {
  const start_ms = Date.now() - 3_900_000;
  const target = element('div', { style: 'height: 400px' }, [text('map')]);
  const secret = element('p', { class: 'rr-mask', id: 'secret' }, [text('***** *****')]);
  const field = element('input', { type: 'text', value: '******' });
  const blocked = element('div', { id: 'blocked', class: 'rr-block', rr_width: '240px', rr_height: '50px' });
  const events = recordedDocument(start_ms, 'https://map.example/', [element('title', {}, [text('Map')])], [secret, field, blocked, target]);
  const touch = (at_ms: number, type: number, x: number, y: number) => events.push({ type: 3, timestamp: start_ms + at_ms, data: { source: 2, type, id: target.id, x, y, pointerType: 2 } });
  for (let stroke = 0; stroke < 8; stroke += 1) {
    const at_ms = 1_000 + stroke * 1_500;
    touch(at_ms, 7, 100, 300);
    for (let step = 1; step <= 8; step += 1) {
      events.push({ type: 3, timestamp: start_ms + at_ms + step * 100, data: { source: 6, positions: [{ x: 100 + step * 40, y: 300, id: target.id, timeOffset: 0 }] } });
    }
    touch(at_ms + 850, 9, 420, 300);
  }
  events.push(mutation(start_ms + 14_000, { texts: [] }));
  const replay = await server.upload(`visitor-finger-${start_ms}`, String(start_ms), events);

  await openPaused(page, server.origin, replay.id, 0.5);
  await expect(recordedPage(page).locator('#secret')).toHaveText('***** *****');
  await expect(recordedPage(page).locator('input')).toHaveValue('******');
  const box = recordedPage(page).locator('#blocked');
  await expect(box).toHaveCSS('width', '240px');
  await expect(box).toHaveCSS('height', '50px');
  expect(await box.evaluate((node) => getComputedStyle(node).backgroundImage)).toContain('repeating-linear-gradient');

  await page.locator('body').press('Space');
  const width = async () => {
    const red = await redAt(page);
    return red ? red.right - red.left : 0;
  };
  // Wider than any ring: the way of the finger.
  await expect.poll(width, { intervals: [40] }).toBeGreaterThan(120);
  const pointer = page.frameLocator('iframe[title="Recorded page"]').locator('.replayer-mouse');
  await expect(pointer).toHaveClass(/touch-device/);
  await withoutTrail(page);
  const widths: number[] = [];
  await page.locator('body').press('Home');
  for (let look = 0; look < 60; look += 1) {
    widths.push(await width());
    await page.waitForTimeout(40);
  }
  expect(Math.max(...widths), 'rings alone').toBeLessThan(62);
  expect(Math.max(...widths)).toBeGreaterThan(12);
  await withTrail(page);
});
