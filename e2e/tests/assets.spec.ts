// A site is recorded and then gone for good: its replay looks as the site did.
import type { Browser } from '@playwright/test';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { addresses, foreignRequests, recordedPage, signIn } from '../support/app';
import { expect, test as base } from '../support/fixtures';
import { FolderSite } from '../support/folder-site';
import { shareOfDifferentPixels } from '../support/pixels';
import { credentials, Server, type Replay } from '../support/server';

const here = import.meta.dirname;
const size = { width: 800, height: 600 };
/** Of all pixels; what is left is how edges of scaled pictures and of text are smoothed. */
const most_different = 0.002;

/** A server that may ask this machine for what recordings refer to. */
const test = base.extend<{}, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start({ env: { REENACT__ASSETS__ALLOWED_NETWORKS: '["127.0.0.1"]', REENACT__SEAL__IDLE_SECONDS: '1' } });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

test.use({ viewport: size });

interface Assets {
  archived: number;
  missing: { url: string; reason: string }[];
}

/** The replay, once everything it refers to is in the archive. */
async function archived(server: Server, deviceId: string, atLeast: number): Promise<Replay> {
  await expect.poll(async () => (await server.replaysOf(deviceId)).length).toBe(1);
  const [replay] = await server.replaysOf(deviceId);
  const assets = async () => (await server.get<{ assets: Assets }>(`/api/v1/replays/${replay!.id}/manifest`)).assets;
  await expect.poll(async () => (await assets()).archived, { timeout: 30_000 }).toBeGreaterThanOrEqual(atLeast);
  await expect.poll(async () => (await assets()).missing, { timeout: 30_000 }).toEqual([]);
  return replay!;
}

test('pictures, fonts and style sheets outlive their site', async ({ page, browser, server }, info) => {
  const [site, styles] = [await FolderSite.start(), await FolderSite.start()];
  const deviceId = `device-vanishing-${Date.now()}`;
  cpSync(join(here, '../site/look'), join(styles.folder, 'look'), { recursive: true });
  const fonts = join(createRequire(import.meta.url).resolve('@fontsource/bitter/package.json'), '../files');
  cpSync(join(fonts, 'bitter-latin-400-normal.woff2'), join(styles.folder, 'look/font.woff2'));
  writeFileSync(join(site.folder, 'index.html'), readFileSync(join(here, '../site/look/index.html'), 'utf8').replaceAll('STYLES', styles.origin));
  cpSync(join(here, '../.cache/rrweb-record-2.1.6.js'), join(site.folder, 'sdk.js'));
  cpSync(join(here, '../site/start/plain.js'), join(site.folder, 'start.js'));
  writeFileSync(join(site.folder, 'config.js'), `window.siteConfig = ${JSON.stringify({ ingestKey: credentials.ingestKey, server: server.origin, deviceId, sessionId: Date.now() })};`);

  await page.goto(`${site.origin}/`);
  await page.evaluate((source) => {
    (document.getElementById('late') as HTMLImageElement).src = source;
    return document.fonts.ready;
  }, `${styles.origin}/look/photo.svg`);
  await page.waitForLoadState('networkidle');
  const live = await page.screenshot();
  await page.evaluate(() => (window as any).sendRecording());
  // Sheets (four), pictures (four) and the font; what repeats is kept once.
  const replay = await archived(server, deviceId, 5);
  await Promise.all([site.vanish(), styles.vanish()]);

  const replayed = await replayedPicture(browser, server, replay);
  expect(await shareOfDifferentPixels(page, live, replayed.picture)).toBeLessThan(most_different);
  expect(replayed.foreign).toEqual([]);

  // Taken away as one file, it needs neither the site nor this server.
  const exported = await exportedPicture(browser, server, replay, info.outputPath('replay.html'));
  for (const [name, body] of Object.entries({ live, exported: exported.picture })) writeFileSync(info.outputPath(`${name}.png`), body);
  expect(await shareOfDifferentPixels(page, live, exported.picture)).toBeLessThan(most_different);
  expect(exported.asked).toEqual([]);
});

test('the demo shop outlives itself', async ({ page, browser, server }) => {
  const site = await FolderSite.start();
  mkdirSync(join(site.folder, 'demo'));
  cpSync(join(here, '../../demo/dist'), join(site.folder, 'demo'), { recursive: true });
  writeFileSync(join(site.folder, 'demo/config.js'), `window.REENACT_DEMO = ${JSON.stringify({ ingestKey: credentials.ingestKey, server: server.origin })};`);
  await page.goto(`${site.origin}/demo/?sdk=amplitude`);
  await expect(page.getByText(/this visit is being recorded/i)).toBeVisible();
  await page.waitForFunction(() => Boolean((window as any).amplitude?.getSessionId()));
  const deviceId: string = await page.evaluate(() => (window as any).amplitude.getDeviceId());
  await page.getByRole('button', { name: 'Lamps' }).click();
  await page.mouse.move(0, 0);
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.evaluate(() => scrollTo(0, 120));
  await expect(page.getByText(/\d things/)).toBeVisible();
  const live = await page.screenshot();
  await server.settled(deviceId, 4_000);
  await page.goto('about:blank');
  await server.settled(deviceId);
  const replay = await archived(server, deviceId, 0);
  await site.vanish();
  const replayed = await replayedPicture(browser, server, replay);
  expect(await shareOfDifferentPixels(page, live, replayed.picture)).toBeLessThan(most_different);
  expect(replayed.foreign).toEqual([]);
});

/** The end of the exported replay, opened as a file without any network. */
async function exportedPicture(browser: Browser, server: Server, replay: Replay, file: string) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1100 } });
  await signIn(context, server);
  const answer = await context.request.get(`${server.origin}/api/v1/replays/${replay.id}/export?format=html`);
  expect(answer.status()).toBe(200);
  writeFileSync(file, await answer.body());
  await context.setOffline(true);
  const asked = foreignRequests(context, 'null');
  const page = await context.newPage();
  await page.goto(pathToFileURL(file).href);
  const frame = page.locator('#page iframe');
  await frame.waitFor();
  const position = page.getByRole('slider', { name: 'Position' });
  await position.fill((await position.getAttribute('max')) ?? '');
  // Of several densities Chromium takes the highest as soon as it costs no request, as here; on the site
  // it took the one of this screen.
  const dense = page.frameLocator('#page iframe').locator('img[srcset]');
  expect(await dense.getAttribute('srcset')).toMatch(/^data:image\/svg\+xml;base64,\S+ 1x, ?data:image\/svg\+xml;base64,\S+ 2x$/);
  await dense.evaluate((image) => image.removeAttribute('srcset'));
  await page.frameLocator('#page iframe').locator('body').evaluate((body) => body.ownerDocument.fonts.ready);
  await page.waitForTimeout(500);
  await page.evaluate(() => document.querySelectorAll('.replayer-mouse, .replayer-mouse-tail').forEach((mark) => ((mark as HTMLElement).style.visibility = 'hidden')));
  const box = (await frame.boundingBox())!;
  expect([box.width, box.height]).toEqual([size.width, size.height]);
  const picture = await page.screenshot({ clip: box });
  await context.close();
  return { picture, asked: addresses(asked).filter((url) => !url.startsWith('file:')) };
}

/** The end of the replay in the app's player, cut out at its own size. */
async function replayedPicture(browser: Browser, server: Server, replay: Replay) {
  const context = await browser.newContext({ viewport: { width: 1600, height: 1100 } });
  await signIn(context, server);
  const foreign = foreignRequests(context, server.origin);
  const page = await context.newPage();
  await page.goto(`${server.origin}/replays/${replay.id}?t=0`);
  await recordedPage(page).locator('body').waitFor({ state: 'attached' });
  await page.locator('body').press('End');
  // Nothing is loading any more, and a frame has been painted.
  await page.waitForLoadState('networkidle');
  await page.waitForTimeout(500);
  const stage = page.frameLocator('iframe[title="Recorded page"]');
  await stage.locator('body').evaluate(() => document.querySelectorAll('.replayer-mouse, .overlay').forEach((mark) => ((mark as HTMLElement).style.visibility = 'hidden')));
  const box = (await stage.locator('iframe').boundingBox())!;
  expect([box.width, box.height]).toEqual([size.width, size.height]);
  const picture = await page.screenshot({ clip: box });
  await context.close();
  return { picture, foreign: addresses(foreign) };
}
