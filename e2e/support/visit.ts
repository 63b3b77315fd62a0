// One visit to the test site: page one, page one again, page two, gone.
import { expect, type BrowserContext, type Page } from '@playwright/test';
import { describeLive, type PageMoment } from './page-tree';
import type { RrwebEvent, Server } from './server';
import type { Tap } from './tap';

/** Typed by the visitor. None of it may be stored anywhere. */
export const typedSecrets = {
  name: 'typed-secret-name',
  email: 'typed-secret@mail.example',
  password: 'typed-secret-password',
  phone: '0049555010203',
  card: '4929123412341234',
  amount: '73917391',
  story: 'typed-secret story with two lines',
  comment: 'typed-secret-comment',
};

/** Text of masked and blocked areas of the pages. */
export const pageSecrets = [
  'ordinary-secret-text',
  'bold-secret-text',
  'blocked-secret-text',
  'shadow-secret-text',
  'nested-secret-text',
  'preset name',
];

/** Masked by an attribute, which SDKs up to 1.50 do not know. */
export const attributeSecret = 'attribute-secret-text';

export const harmlessText = 'readable on purpose';

export interface Visit {
  deviceId: string;
  /** The document just before each page was left. */
  pages: PageMoment[];
}

export interface VisitOptions {
  siteOrigin: string;
  deviceId: string;
  /** Called before a page is left; an SDK without exit beacon needs it. */
  beforeLeaving?: (page: Page) => Promise<void>;
}

export async function visitSite(context: BrowserContext, options: VisitOptions): Promise<Visit> {
  const pages: PageMoment[] = [];
  const page = await context.newPage();
  const leave = async () => {
    await options.beforeLeaving?.(page);
    pages.push(await describeLive(page.mainFrame()));
  };

  await page.goto(`${options.siteOrigin}/one.html`);
  await recordingStarted(page);
  await usePageOne(page);
  await leave();

  await page.reload();
  await recordingStarted(page);
  await page.getByRole('button', { name: 'Add item' }).click();
  await page.getByLabel('Name').fill('typed-secret-after-reload');
  await leave();

  await page.getByRole('link', { name: 'Go to page two' }).click();
  await recordingStarted(page);
  await page.getByLabel('Comment').pressSequentially(typedSecrets.comment);
  await page.getByRole('button', { name: 'Add item' }).click();
  await page.getByRole('button', { name: 'Change text' }).click();
  await leave();

  await page.goto('about:blank');
  await page.close();
  return { deviceId: options.deviceId, pages };
}

/** The SDK decides at run time whether it records, so the page says when it does. */
async function recordingStarted(page: Page): Promise<void> {
  await page.waitForFunction(async () => {
    const { started } = window as any;
    if (!started) return false;
    await started;
    return true;
  });
  await page.waitForLoadState('load');
}

async function usePageOne(page: Page): Promise<void> {
  await page.getByLabel('Name').fill(typedSecrets.name);
  await page.getByLabel('E-mail').pressSequentially(typedSecrets.email);
  await page.getByLabel('Password').pressSequentially(typedSecrets.password);
  await page.getByLabel('Phone').fill(typedSecrets.phone);
  await page.getByLabel('Card number').pressSequentially(typedSecrets.card);
  await page.getByLabel('Amount').fill(typedSecrets.amount);
  await page.getByLabel('Harmless').fill(harmlessText);
  await page.getByLabel('Story').fill(typedSecrets.story);
  await page.getByLabel('Fruit').selectOption('pear');
  await page.getByLabel('Agree').check();
  await page.getByLabel('Large').check();
  for (const name of ['Add item', 'Add item', 'Remove first item', 'Move last item to top', 'Change text', 'Change style', 'Change shadow', 'Adopt sheet', 'Insert rule', 'Change frame', 'Change route']) {
    await page.getByRole('button', { name, exact: true }).click();
  }
  await page.getByLabel('Scroll area').evaluate((area) => (area.scrollTop = 240));
  await page.evaluate(() => scrollTo(0, 300));
  await page.mouse.move(200, 300);
  await page.mouse.move(420, 380, { steps: 6 });
}

/**
 * Keeps the visitor busy until the server has what the page did and the page
 * has every answer, for SDKs that lose what is not sent when the page goes.
 */
export function flushedTo(server: Server, tap: Tap, device: string | ((page: Page) => Promise<string>)): (page: Page) => Promise<void> {
  return async (page) => {
    const deviceId = typeof device === 'string' ? device : await device(page);
    const marker = await page.evaluate(() => {
      const value = `leaving-${Math.round(performance.timeOrigin)}`;
      document.body.setAttribute('data-marker', value);
      return value;
    });
    let moves = 0;
    await expect
      .poll(
        async () => {
          // Old SDKs cut a batch when the next event comes and their interval is
          // over, so there has to be a next event; a move changes no document.
          await page.mouse.move(500 + (moves += 1), 400);
          if (tap.underWay > 0) return false;
          const [replay] = await server.replaysOf(deviceId);
          return replay ? JSON.stringify(await server.eventsOf(replay)).includes(marker) : false;
        },
        { timeout: 30_000, intervals: [500] },
      )
      .toBe(true);
    await expect.poll(() => tap.underWay).toBe(0);
  };
}

export const fullSnapshots = (events: RrwebEvent[]) => events.filter((event) => event.type === 2);

/** Every page that was opened, in order; a new document starts with a Meta. */
export const openedPages = (events: RrwebEvent[]) => events.filter((event) => event.type === 4).map((event) => new URL(event.data.href).pathname);
