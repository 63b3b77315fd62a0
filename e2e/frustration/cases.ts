// The labelled set: short visits, and what a person who watches them would call
// frustrating. Half of them only look so.
import { between, type Visitor } from './visitor';

export const signals = ['rage_click', 'dead_click', 'slow_click', 'error_click', 'thrashed_cursor', 'quick_back', 'endless_spinner', 'broken_image', 'blank_page'] as const;
export type Signal = (typeof signals)[number];

export interface Case {
  name: string;
  expected: Signal[];
  /** Below /demo/. */
  path?: string;
  /** Time after the last input; a dead click is known after 7 s. */
  linger_ms?: number;
  /** What the recording cannot tell, so that the judgement is wrong. */
  limit?: string;
  run(visitor: Visitor): Promise<void>;
}

/** Longer than any limit of a click. */
const after_click_ms = 9_000;
const spinner_ms = 11_500;

const clicks = (name: string, expected: Signal[], selector: string, options: { times?: number; gap_ms?: number; path?: string; limit?: string } = {}): Case => ({
  name,
  expected,
  path: options.path,
  limit: options.limit,
  run: (visitor) => visitor.click(selector, options),
});

const rage: Case[] = [
  clicks('rage-idle-button', ['rage_click', 'dead_click'], '#idle', { times: 5 }),
  clicks('rage-picture', ['rage_click', 'dead_click'], '#picture', { times: 6 }),
  clicks('rage-three-on-link', ['rage_click', 'dead_click'], '#idle-link', { times: 3, gap_ms: 250 }),
  clicks('rage-slow-button', ['rage_click', 'slow_click'], '#after-3500', { times: 4 }),
  clicks('rage-same-failure-again', ['rage_click', 'dead_click'], '#pay', { times: 6 }),
  clicks('rage-disabled-button', ['rage_click', 'dead_click'], '#idle-disabled', {
    times: 5,
    limit: 'browsers send no click to a disabled button, so none is recorded',
  }),
  clicks('rage-on-error', ['rage_click', 'error_click', 'dead_click'], '#throws', { times: 4 }),
  clicks('fast-stepper', [], '#plus', { times: 8, gap_ms: 110 }),
  clicks('fast-next-page', [], '#next', { times: 5 }),
  clicks('fast-slides', [], '#slide', { times: 4, gap_ms: 140 }),
  clicks('fast-checkbox-menu', [], '#menu', { times: 4, gap_ms: 220 }),
  clicks('fast-details', [], '#details', { times: 4, gap_ms: 220 }),
  clicks('fast-game', [], '#game', { times: 6, gap_ms: 150 }),
  { name: 'select-word', expected: [], run: (visitor) => visitor.select('#introduction', 2) },
  { name: 'select-paragraph', expected: [], run: (visitor) => visitor.select('#introduction', 3) },
  { name: 'select-field', expected: [], run: (visitor) => visitor.select('#name', 3) },
  {
    name: 'fast-number-field',
    expected: [],
    run: async ({ page }) => {
      const box = (await page.locator('#quantity').boundingBox())!;
      for (let count = 0; count < 5; count += 1) {
        await page.mouse.click(box.x + box.width - 8, box.y + 6);
        await page.waitForTimeout(130);
      }
    },
  },
  {
    name: 'fast-plus-and-minus',
    expected: [],
    run: async (visitor) => {
      for (const selector of ['#plus', '#plus', '#plus', '#minus', '#minus']) await visitor.click(selector);
    },
  },
  {
    name: 'three-buttons-in-a-row',
    expected: [],
    run: async (visitor) => {
      for (const selector of ['#plus', '#next', '#slide']) await visitor.click(selector);
    },
  },
];

const dead: Case[] = [
  clicks('dead-button', ['dead_click'], '#idle'),
  clicks('dead-link', ['dead_click'], '#idle-link'),
  clicks('dead-role', ['dead_click'], '#idle-role'),
  clicks('dead-logs-only', ['dead_click'], '#idle-log'),
  clicks('dead-data-only', ['dead_click'], '#idle-data'),
  clicks('dead-same-text', ['dead_click'], '#idle-same'),
  clicks('dead-beacon-only', ['dead_click'], '#idle-beacon'),
  {
    name: 'dead-beside-a-clock',
    expected: ['dead_click'],
    path: 'playground.html?clock',
    run: async (visitor) => {
      await visitor.wait(4_500);
      await visitor.click('#idle');
    },
  },
  {
    name: 'dead-then-another-works',
    expected: ['dead_click'],
    run: async (visitor) => {
      await visitor.click('#idle');
      await visitor.wait(2_000);
      await visitor.click('#next');
    },
  },
  clicks('works-though-grey', [], '#grey-link'),
  clicks('only-a-request', [], '#request'),
  clicks('only-focus', [], '#focus'),
  clicks('only-a-download', [], '#download'),
  clicks('only-a-file', [], '#file'),
  clicks('only-a-new-window', [], '#window'),
  clicks('only-scrolling', [], '#down'),
  clicks('only-a-route', [], '#route'),
  clicks('only-a-file-picker', [], '#upload'),
  clicks('css-checkbox', [], '#menu'),
  clicks('css-details', [], '#details'),
  clicks('css-dialog', [], '#dialog-open'),
  clicks('css-popover', [], '#popover-open'),
  clicks('css-focus', [], '#dropdown', { limit: 'a list that style sheets show while its button has the focus changes nothing that is recorded' }),
  clicks('number-field', [], '#quantity'),
  clicks('text', [], '#introduction'),
];

const slow: Case[] = [
  clicks('slow-3500', ['slow_click'], '#after-3500'),
  clicks('slow-5000', ['slow_click'], '#after-5000'),
  clicks('slow-page', ['slow_click'], '#leave-after-4000'),
  clicks('answered-after-1500', [], '#after-1500'),
  clicks('answered-at-once-finished-later', [], '#wait-then-result'),
  {
    name: 'slow-beside-a-clock',
    expected: ['slow_click'],
    path: 'playground.html?clock',
    run: async (visitor) => {
      await visitor.wait(4_500);
      await visitor.click('#after-5000');
    },
  },
  {
    name: 'dead-then-late-answer-of-another',
    expected: ['dead_click'],
    run: async (visitor) => {
      await visitor.click('#idle');
      await visitor.wait(4_000);
      await visitor.click('#plus');
    },
  },
];

const error: Case[] = [
  clicks('error-thrown', ['error_click', 'dead_click'], '#throws'),
  clicks('error-logged', ['error_click'], '#logs-error'),
  clicks('error-rejected', ['error_click'], '#rejects'),
  clicks('error-much-later', [], '#throws-late'),
  clicks('only-a-warning', [], '#warns'),
  {
    name: 'error-of-its-own',
    expected: [],
    run: async (visitor) => {
      await visitor.click('#errors-all-the-time');
      await visitor.wait(7_500);
      await visitor.click('#next');
      await visitor.wait(2_500);
      await visitor.click('#plus');
    },
  },
  {
    name: 'error-before-the-click',
    expected: ['error_click', 'dead_click'],
    run: async (visitor) => {
      await visitor.click('#throws');
      await visitor.wait(3_000);
      await visitor.click('#next');
    },
  },
];

const left = { x: 300, y: 120 };
const right = { x: 620, y: 150 };

const cursor: Case[] = [
  { name: 'thrash-sideways', expected: ['thrashed_cursor'], linger_ms: 3_000, run: (visitor) => visitor.move(between(left, right, 44), { steps: 1, pause_ms: 60 }) },
  {
    name: 'thrash-slanted',
    expected: ['thrashed_cursor'],
    linger_ms: 3_000,
    run: (visitor) => visitor.move(between({ x: 300, y: 100 }, { x: 500, y: 400 }, 44), { steps: 1, pause_ms: 60 }),
  },
  {
    name: 'thrash-small',
    expected: ['thrashed_cursor'],
    linger_ms: 3_000,
    run: (visitor) => visitor.move(between({ x: 400, y: 200 }, { x: 470, y: 205 }, 44), { steps: 1, pause_ms: 60 }),
  },
  {
    name: 'circling',
    expected: [],
    linger_ms: 3_000,
    run: (visitor) => visitor.move(Array.from({ length: 60 }, (_, step) => ({ x: 500 + Math.cos(step / 3) * 120, y: 260 + Math.sin(step / 3) * 120 })), { steps: 1, pause_ms: 35 }),
  },
  {
    name: 'dragging-a-slider',
    expected: [],
    linger_ms: 3_000,
    run: async (visitor) => {
      const { x, y } = await visitor.middle('#slider');
      await visitor.page.mouse.move(x, y);
      await visitor.page.mouse.down();
      await visitor.move(between({ x: x - 150, y }, { x: x + 150, y }, 24), { steps: 3, pause_ms: 40 });
      await visitor.page.mouse.up();
    },
  },
  {
    name: 'looking-over-a-chart',
    expected: [],
    linger_ms: 3_000,
    run: async (visitor) => {
      const { x, y } = await visitor.middle('#chart');
      await visitor.move(between({ x: x - 250, y }, { x: x + 250, y }, 14), { steps: 10, pause_ms: 260 });
    },
  },
  {
    name: 'catching-squares',
    expected: [],
    linger_ms: 3_000,
    run: async (visitor) => {
      const { x, y } = await visitor.middle('#game');
      for (const [index, point] of between({ x: x - 130, y }, { x: x + 130, y }, 16).entries()) {
        await visitor.move([point], { steps: 3 });
        if (index % 2 === 1) await visitor.page.mouse.click(point.x, point.y);
        await visitor.wait(40);
      }
    },
  },
  { name: 'trembling', expected: [], linger_ms: 3_000, run: (visitor) => visitor.move(between({ x: 400, y: 200 }, { x: 412, y: 203 }, 40), { steps: 1, pause_ms: 40 }) },
  { name: 'reading-lines', expected: [], linger_ms: 3_000, run: (visitor) => visitor.move(Array.from({ length: 10 }, (_, line) => ({ x: line % 2 ? 700 : 100, y: 80 + line * 18 })), { steps: 12, pause_ms: 120 }) },
];

const follow = (selector: string) => async (visitor: Visitor) => {
  await visitor.page.locator(selector).first().click();
  await visitor.page.waitForLoadState();
};

const back: Case[] = [
  {
    name: 'back-from-a-page',
    expected: ['quick_back'],
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.wait(1_500);
      await follow('header a[href="/demo/about.html"]')(visitor);
      await visitor.wait(1_500);
      await visitor.page.goBack();
    },
  },
  {
    name: 'back-within-the-shop',
    expected: ['quick_back'],
    path: '',
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.wait(1_500);
      await visitor.page.getByRole('link', { name: 'Tarn bowl' }).first().click();
      await visitor.wait(2_000);
      await visitor.page.goBack();
    },
  },
  {
    name: 'back-by-a-link',
    expected: ['quick_back'],
    path: '',
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.wait(1_500);
      await visitor.page.getByRole('navigation').getByRole('link', { name: 'Cart (0)' }).click();
      await visitor.wait(1_500);
      await visitor.page.getByRole('navigation').getByRole('link', { name: 'Catalogue' }).click();
    },
  },
  {
    name: 'back-after-reading',
    expected: [],
    path: '',
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.page.getByRole('link', { name: 'Tarn bowl' }).first().click();
      await visitor.wait(6_500);
      await visitor.page.goBack();
    },
  },
  {
    name: 'back-after-buying',
    expected: [],
    path: '',
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.wait(1_000);
      await visitor.page.getByRole('link', { name: 'Tarn bowl' }).first().click();
      await visitor.wait(800);
      await visitor.page.getByRole('button', { name: 'Add to cart' }).click();
      await visitor.wait(800);
      await visitor.page.getByRole('navigation').getByRole('link', { name: 'Catalogue' }).click();
    },
  },
  {
    name: 'forth-and-on',
    expected: [],
    path: '',
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.page.getByRole('link', { name: 'Tarn bowl' }).first().click();
      await visitor.wait(1_500);
      await visitor.page.getByRole('navigation').getByRole('link', { name: /^Cart/ }).click();
    },
  },
  {
    name: 'change-of-query-and-back',
    expected: [],
    linger_ms: 2_000,
    run: async (visitor) => {
      await visitor.wait(1_000);
      await visitor.page.evaluate(() => history.pushState(null, '', '?tab=2'));
      await visitor.wait(1_200);
      await visitor.page.goBack();
    },
  },
];

const spinners: Case[] = [
  { ...clicks('spinner-by-class', ['endless_spinner'], '#spin-class'), linger_ms: spinner_ms },
  { ...clicks('spinner-by-busy', ['endless_spinner'], '#spin-busy'), linger_ms: spinner_ms },
  { ...clicks('spinner-by-progress', ['endless_spinner'], '#spin-progress'), linger_ms: spinner_ms },
  { ...clicks('spinner-that-ends', [], '#spin-short'), linger_ms: spinner_ms },
  { ...clicks('spinner-hidden', [], '#spin-hidden'), linger_ms: spinner_ms },
  { ...clicks('progress-that-progresses', [], '#spin-value'), linger_ms: spinner_ms },
  { ...clicks('spinner-at-the-foot-of-a-list', [], '#spin-foot'), linger_ms: spinner_ms },
  { ...clicks('spinner-class-taken-away', [], '#spin-toggled'), linger_ms: spinner_ms },
];

const pictures: Case[] = [
  { ...clicks('picture-missing', ['broken_image'], '#image-missing'), linger_ms: 4_000 },
  {
    name: 'picture-missing-later',
    expected: ['broken_image'],
    linger_ms: 4_000,
    run: async (visitor) => {
      await visitor.click('#image-good');
      await visitor.wait(1_500);
      await visitor.click('#image-missing');
    },
  },
  { ...clicks('picture-with-fallback', [], '#image-fallback'), linger_ms: 4_000 },
  { ...clicks('picture-for-counting', [], '#image-pixel'), linger_ms: 4_000 },
  { ...clicks('picture-lazy', [], '#image-good'), linger_ms: 4_000 },
  { ...clicks('request-missing', [], '#request-missing'), linger_ms: 4_000 },
];

const blank: Case[] = [
  { ...clicks('blank-after-a-click', ['blank_page'], '#blank-7000') },
  { name: 'blank-while-loading', expected: ['blank_page'], path: 'playground.html?blank_ms=7000', linger_ms: 9_000, run: async () => undefined },
  { name: 'blank-until-left', expected: ['blank_page'], path: 'playground.html?blank_ms=600000', linger_ms: 7_000, run: async ({ page }) => page.mouse.move(200, 200) },
  { ...clicks('blank-for-a-moment', [], '#blank-300'), linger_ms: 6_500 },
  { name: 'blank-for-a-moment-while-loading', expected: [], path: 'playground.html?blank_ms=300', linger_ms: 6_500, run: async () => undefined },
  { name: 'blank-for-two-seconds', expected: [], path: 'playground.html?blank_ms=2000', linger_ms: 6_500, run: async () => undefined },
];

export const cases: Case[] = [...rage, ...dead, ...slow, ...error, ...cursor, ...back, ...spinners, ...pictures, ...blank].map((it) => ({
  linger_ms: after_click_ms,
  ...it,
}));
