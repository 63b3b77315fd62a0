// A visit with something of everything that the player shows, written by hand so that each test knows what is in it.
import type { Page } from '@playwright/test';
import { recordedPage } from '../support/app';
import { element, mutation, page, text } from '../support/recordings';
import type { RrwebEvent } from '../support/server';

/** Seconds after the start at which things happen. */
export const story = { seconds: 40, order_click_s: 6, request_s: 10, failed_request_s: 12, error_s: 14, second_page_s: 20, idle_from_s: 24, idle_to_s: 34 };

export function storyRecording(start_ms: number): RrwebEvent[] {
  const at = (second: number) => start_ms + Math.round(second * 1000);
  const status = text('waiting');
  const order = element('button', { id: 'order' }, [text('Order now')]);
  const secret = element('p', { class: 'rr-mask' }, [text('****** ****')]);
  const blocked = element('div', { class: 'blocked rr-block', rr_width: '200px', rr_height: '60px' });
  const field = element('input', { name: 'city', type: 'text' });
  const first = page(at(0), 'https://shop.example/cart', [element('title', {}, [text('Cart')])], [
    element('h1', {}, [text('Cart')]),
    element('p', { class: 'status' }, [status]),
    order,
    secret,
    blocked,
    field,
  ]);
  const events = [...first];
  const say = (second: number, value: string) => events.push(mutation(at(second), { texts: [{ id: status.id, value }] }));
  const move = (second: number) =>
    events.push({ type: 3, timestamp: at(second), data: { source: 1, positions: [{ x: 30 + second * 8, y: 80, id: order.id, timeOffset: -200 }, { x: 40 + second * 8, y: 84, id: order.id, timeOffset: 0 }] } });
  for (let second = 1; second < 20; second += 1) {
    move(second);
    say(second + 0.5, `cart ${second}`);
  }
  events.push({ type: 3, timestamp: at(story.order_click_s), data: { source: 2, type: 2, id: order.id, x: 60, y: 90, pointerType: 0 } });
  events.push({ type: 3, timestamp: at(8), data: { source: 5, id: field.id, text: '****', isChecked: false, userTriggered: true } });
  events.push({ type: 6, timestamp: at(9), data: { plugin: 'rrweb/console@1', payload: { level: 'warn', trace: [], payload: ['"stock is low"'] } } });
  const request = (second: number, name: string, method: string, code: number) =>
    events.push({
      type: 6,
      timestamp: at(second),
      data: {
        plugin: 'rrweb/network@1',
        payload: { requests: [{ name, method, initiatorType: 'fetch', status: code, startTime: second * 1000, endTime: second * 1000 + 120, duration: 120, entryType: 'resource', requestHeaders: { accept: 'application/json' } }] },
      },
    });
  request(story.request_s, 'https://shop.example/api/stock', 'GET', 200);
  request(story.failed_request_s, 'https://shop.example/api/order', 'POST', 500);
  events.push({ type: 6, timestamp: at(story.error_s), data: { plugin: 'rrweb/console@1', payload: { level: 'error', trace: ['pay (https://shop.example/app.js:10:4)'], payload: ['"Uncaught Error: payment failed"'] } } });
  const count = text('thanks 0');
  const second_page = page(at(story.second_page_s), 'https://shop.example/thanks', [element('title', {}, [text('Thanks')])], [element('h1', {}, [text('Thank you')]), element('p', {}, [count])]);
  events.push(...second_page);
  const later = (second: number) => {
    events.push({ type: 3, timestamp: at(second) - 1, data: { source: 2, type: 1, id: count.id, x: 20, y: 20 } });
    events.push(mutation(at(second), { texts: [{ id: count.id, value: `thanks ${second}` }] }));
  };
  for (let second = story.second_page_s + 1; second <= story.idle_from_s; second += 1) later(second);
  for (let second = story.idle_to_s; second <= story.seconds; second += 1) later(second);
  return events.sort((a, b) => a.timestamp - b.timestamp);
}

/** Does something that changes the settings of the person, and waits until the server knows. */
export async function changeSetting(page: Page, change: () => Promise<unknown>): Promise<void> {
  const saved = page.waitForResponse((answer) => answer.url().endsWith('/me/settings') && answer.request().method() === 'PUT');
  await change();
  await saved;
}

/** Seconds without anything but numbers, for where the play time stands exactly. */
export async function offsetShown(page: Page): Promise<number> {
  const shown = (await page.getByTestId('offset').textContent()) ?? '';
  return shown.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
}

export async function openPaused(page: Page, origin: string, id: string, seconds: number, more = ''): Promise<void> {
  await page.goto(`${origin}/replays/${id}?t=${seconds}${more}`);
  await recordedPage(page).locator('body').waitFor({ state: 'attached' });
  await page.getByTestId('offset').waitFor();
}
