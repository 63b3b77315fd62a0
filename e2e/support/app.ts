// The app in the browser: signing in, the player's frame, and who was asked.
import { expect, type BrowserContext, type FrameLocator, type Page, type Request } from '@playwright/test';
import { credentials, type Server } from './server';

/** Signs the browser in without the form; the form has a test of its own. */
export async function signIn(context: BrowserContext, server: Server): Promise<void> {
  const answer = await context.request.post(`${server.origin}/api/v1/login`, { data: { email: credentials.email, password: credentials.password } });
  expect(answer.status()).toBe(200);
}

/** The recorded page: rrweb's frame inside the stage's frame. */
export function recordedPage(page: Page): FrameLocator {
  return page.frameLocator('iframe[title="Recorded page"]').frameLocator('iframe');
}

/**
 * Collects every request for another origin. The browser also reports what the
 * content policy or the same-origin rule of SVG stopped before it was sent;
 * those are taken out again.
 */
export function foreignRequests(context: BrowserContext, own: string): Request[] {
  const foreign: Request[] = [];
  context.on('request', (request) => {
    const url = request.url();
    if (!/^(data|blob|about):/.test(url) && new URL(url).origin !== own) foreign.push(request);
  });
  context.on('requestfailed', (request) => {
    const stopped = ['csp', 'origin'].includes(request.failure()?.errorText ?? '');
    if (stopped && foreign.includes(request)) foreign.splice(foreign.indexOf(request), 1);
  });
  return foreign;
}

export const addresses = (requests: Request[]) => requests.map((request) => request.url());

export const timeSlider = (page: Page) => page.getByRole('slider', { name: /time/i });

export const secondsShown = async (page: Page) => Number(await timeSlider(page).getAttribute('aria-valuenow'));
