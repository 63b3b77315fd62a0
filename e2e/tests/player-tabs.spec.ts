// A visit in two browser tabs: the player shows the one that the visitor used, says which, and can stay on one.
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { element, mutation, page as recorded, text } from '../support/recordings';
import type { RrwebEvent } from '../support/server';
import { openPaused } from './player-story';

/** Uses a tab once a second; everything in it is marked as that tab's. */
function tabRecording(windowId: string, start_ms: number, used_s: [number, number][]): RrwebEvent[] {
  const count = text(`${windowId} opened`);
  const button = element('button', {}, [text('Count')]);
  const events = recorded(start_ms, `https://shop.example/${windowId}`, [], [element('p', {}, [count]), button]);
  for (const [from_s, to_s] of used_s) {
    for (let second = from_s; second < to_s; second += 1) {
      const at_ms = start_ms + second * 1000;
      events.push({ type: 3, timestamp: at_ms + 400, data: { source: 2, type: 2, id: button.id, x: 40, y: 60, pointerType: 0 } });
      events.push(mutation(at_ms + 401, { texts: [{ id: count.id, value: `${windowId} ${second}` }] }));
    }
  }
  return events.map((event) => ({ ...event, windowId }));
}

test('follows the tab that the visitor uses, shows which, and stays on one when told to', async ({ page, context, server }) => {
  await signIn(context, server);
  const start_ms = Date.now() - 9 * 3_600_000;
  const events = [...tabRecording('cart', start_ms, [[1, 10], [20, 30]]), ...tabRecording('help', start_ms + 10_000, [[1, 9]])];
  events.sort((a, b) => a.timestamp - b.timestamp);
  const replay = await server.upload(`visitor-tabs-${start_ms}`, String(start_ms), events);
  await openPaused(page, server.origin, replay.id, 5.6);
  const tabs = page.getByRole('group', { name: 'Browser tabs of the session' });
  const shown = (number: number) => expect(tabs.getByRole('button', { name: `Tab ${number}` })).toHaveAttribute('aria-pressed', 'true');
  const screen = (words: string) => expect(recordedPage(page).getByText(words, { exact: true })).toBeVisible();

  await shown(1);
  await screen('cart 5');
  await openPaused(page, server.origin, replay.id, 15.6);
  await shown(2);
  await screen('help 5');
  await tabs.getByRole('button', { name: 'Tab 1' }).press('Enter');
  await shown(1);
  await screen('cart 9');
  await page.getByRole('button', { name: 'Follow visitor' }).click();
  await shown(2);
  await screen('help 5');
  // Back in the first tab, and forward over the change without asking.
  await page.locator('body').press('ArrowRight');
  await shown(1);
  await screen('cart 25');
  await page.locator('body').press('ArrowLeft');
  await shown(2);
  await screen('help 5');
});
