// One script tag with the server's address is the whole installation of our own SDK.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test as base } from '../support/fixtures';
import { credentials, type Server } from '../support/server';

/** A site with one page, on an origin of its own. */
const test = base.extend<{ shop: { url: string; html: string } }>({
  shop: async ({}, use) => {
    const shop = { url: '', html: '' };
    const server = createServer((_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end(shop.html));
    await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
    shop.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await use(shop);
    server.closeAllConnections();
    server.close();
  },
});

const html = (script: string, server: Server, device: string) => `<!doctype html><title>Shop</title><body><p>marker-of-the-shop</p>
  ${script}
  <script>reenact.init('${credentials.ingestKey}', { serverUrl: '${server.origin}', deviceId: '${device}', sessionId: String(Date.now()), sampleRate: 1, modules: ['console'] });</script>`;

async function storedText(server: Server, device: string): Promise<string> {
  const replays = await server.replaysOf(device);
  const events = await Promise.all(replays.map((replay) => server.eventsOf(replay)));
  return JSON.stringify(events);
}

for (const kind of ['newest', 'pinned']) {
  test(`a page of another site is recorded by the ${kind} script of the server`, async ({ page, server, shop }) => {
    const device = 'installed-' + kind;
    const answer = await fetch(`${server.origin}/sdk/version.json`);
    const { version, integrity } = (await answer.json()) as { version: string; integrity: Record<string, string> };
    const script =
      kind === 'newest'
        ? `<script src="${server.origin}/sdk/reenact.js"></script>`
        : `<script src="${server.origin}/sdk/${version}/reenact.js" integrity="${integrity['reenact.js']}" crossorigin="anonymous"></script>`;
    const refused: string[] = [];
    page.on('console', (message) => message.type() === 'error' && refused.push(message.text()));
    shop.html = html(script, server, device);
    await page.goto(shop.url);
    await page.waitForFunction(() => Boolean((window as any).reenact.getReplayId()));
    await page.evaluate(() => {
      console.warn('marker-of-a-module');
      document.body.append('marker-later');
    });
    await page.evaluate(() => (window as any).reenact.flush());
    await expect.poll(() => storedText(server, device), { timeout: 30_000 }).toContain('marker-of-the-shop');
    await expect.poll(() => storedText(server, device), { timeout: 30_000 }).toContain('marker-later');
    expect(refused.filter((text) => !text.includes('favicon'))).toEqual([]);
  });
}

test('changed capture settings take effect at the next start', async ({ page, playwright, server, shop }) => {
  const owner = await playwright.request.newContext({ baseURL: server.origin });
  const { email, password } = credentials;
  const { csrf_token } = await (await owner.post('/api/v1/login', { data: { email, password } })).json();
  const settings = async (capture: object) => {
    const answer = await owner.patch('/api/v1/settings', { data: { capture }, headers: { 'x-csrf-token': csrf_token } });
    expect(answer.status(), await answer.text()).toBe(200);
  };
  shop.html = `<!doctype html><body><p class="plan">marker-plan</p><p>marker-text</p><script src="${server.origin}/sdk/reenact.js"></script>`;
  /** What a visit records whose page masks nothing itself. */
  const visit = async (device: string) => {
    await page.goto(shop.url);
    const id = await page.evaluate(
      async ([key, serverUrl, deviceId]) => {
        const reenact = (window as any).reenact;
        await reenact.init(key, { serverUrl, deviceId, sessionId: String(Date.now()), sampleRate: 1, privacyConfig: { defaultMaskLevel: 'light', unmaskSelector: ['.plan'] } }).promise;
        const id = reenact.getReplayId();
        await reenact.flush();
        return id;
      },
      [credentials.ingestKey, server.origin, device],
    );
    if (!id) return null;
    await expect.poll(() => storedText(server, device), { timeout: 30_000 }).toContain('"type":2');
    return storedText(server, device);
  };
  try {
    const before = await visit('settings-before');
    expect(before).toContain('marker-plan');
    expect(before).toContain('marker-text');
    // The project's selector wins over the page's for the same one.
    await settings({ mask_selectors: ['.plan'] });
    const masked = await visit('settings-masked');
    expect(masked).not.toContain('marker-plan');
    expect(masked).toContain('marker-text');
    await settings({ mask_level: 'conservative' });
    expect(await visit('settings-level')).not.toContain('marker-text');
    await settings({ sample_rate: 0 });
    expect(await visit('settings-off')).toBeNull();
  } finally {
    await settings({ mask_selectors: null, mask_level: null, sample_rate: null });
  }
  expect(await visit('settings-after')).toContain('marker-text');
});
