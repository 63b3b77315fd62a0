// A page with the built SDK and a server that takes what it sends.
import { expect, test as base, type Page } from '@playwright/test';
import type * as sdk from '../../src/index';
import type { Options } from '../../src/options';
import { Ingest } from './ingest';

declare global {
  interface Window {
    reenact: typeof sdk;
  }
}

export const BODY = '<main><p>marker-start</p><button id=b>press</button></main>';

export async function open(page: Page, ingest: Ingest, body = BODY, path = '/'): Promise<void> {
  ingest.pages[path] = `<!doctype html><script src=/dist/reenact.js></script>${body}`;
  await page.goto(ingest.url + path);
}

export async function init(page: Page, options: Partial<Options> = {}): Promise<void> {
  await page.evaluate(
    (options) =>
      window.reenact.init('key-of-the-project', {
        serverUrl: location.origin,
        deviceId: 'device-1',
        sessionId: 'session-1',
        sampleRate: 1,
        ...options,
      }).promise,
    options as any,
  );
}

export const add = (page: Page, text: string) => page.evaluate((text) => document.body.append(text), text);
export const flush = (page: Page) =>
  page.evaluate(async () => {
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await window.reenact.flush();
  });

export const test = base.extend<{ ingest: Ingest }, { server: Ingest }>({
  server: [
    async ({}, use) => {
      const ingest = new Ingest();
      await ingest.start();
      await use(ingest);
      await ingest.stop();
    },
    { scope: 'worker' },
  ],
  ingest: async ({ server }, use) => {
    server.reset();
    await use(server);
  },
});

export { expect };
