// A recording comes from a stranger's browser. Watching it must do nothing else.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addresses, foreignRequests, recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { hostileRecording } from '../support/recordings';

test('a hostile recording runs nothing, asks nobody and goes nowhere', async ({ page, context, server }) => {
  const asked: string[] = [];
  const foreign = createServer((request, response) => {
    asked.push(request.url!);
    response.writeHead(200, { 'access-control-allow-origin': '*' }).end('');
  });
  await new Promise<void>((listening) => foreign.listen(0, '127.0.0.1', listening));
  const foreignOrigin = `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;
  try {
    const start_ms = Date.now() - 30_000;
    const replay = await server.upload(`visitor-hostile-${start_ms}`, String(start_ms), hostileRecording(start_ms, foreignOrigin));
    await signIn(context, server);
    const foreignSeen = foreignRequests(context, server.origin);
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });

    await page.goto(`${server.origin}/replays`);
    await page.goto(`${server.origin}/replays/${replay.id}`);
    const address = page.url();
    await expect(recordedPage(page).getByText('hostile page drawn')).toBeVisible();
    const play = page.getByRole('button', { name: /^play/i });
    await page.keyboard.press('Home');
    if (await play.isVisible()) await play.click();
    // The last event of the recording: everything before it has been applied.
    await expect(recordedPage(page).locator('p.end')).toHaveCount(1);
    const stage = (await page.locator('iframe[title="Recorded page"]').boundingBox())!;
    for (const part of [0.2, 0.5, 0.8]) await page.mouse.click(stage.x + stage.width * part, stage.y + stage.height * part);
    await recordedPage(page).locator('.bad-link').evaluate((link: HTMLElement) => link.click());

    for (const frame of page.frames()) {
      // A frame without a script engine of its own has nothing to be set.
      expect(await frame.evaluate('window.__pwned').catch(() => undefined), `flag in ${frame.url()}`).toBeUndefined();
    }
    expect(page.url()).toBe(address);
    expect(context.pages()).toHaveLength(1);
    expect(dialogs).toEqual([]);
    expect(addresses(foreignSeen), 'requests the browser wanted to make').toEqual([]);
    expect(asked, 'requests that arrived elsewhere').toEqual([]);
  } finally {
    foreign.close();
  }
});

test('playback leaves out what could act, and the API keeps the recording as it was', async ({ server }) => {
  const start_ms = Date.now() - 30_000;
  const events = hostileRecording(start_ms, 'http://elsewhere.invalid');
  const replay = await server.upload(`visitor-sanitised-${start_ms}`, String(start_ms), events);
  expect(await server.eventsOf(replay)).toEqual(events);
  const dangerous: string[] = [];
  const inspect = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(inspect);
    if (typeof value !== 'object' || value === null) return;
    const node = value as { tagName?: string; attributes?: unknown };
    if (node.attributes && !Array.isArray(node.attributes)) {
      for (const [name, content] of Object.entries(node.attributes)) {
        const acts =
          /^on/i.test(name) ||
          name === 'srcdoc' ||
          /^\s*javascript:/i.test(String(content)) ||
          (node.tagName === 'base' && name === 'href') ||
          (node.tagName === 'iframe' && name === 'src') ||
          (node.tagName === 'meta' && name === 'content' && /url=/i.test(String(content)));
        if (acts) dangerous.push(`${node.tagName ?? 'change'} ${name}=${content}`);
      }
    }
    Object.values(value).forEach(inspect);
  };
  // Only what becomes an element counts: custom events are never drawn.
  inspect((await server.playbackOf(replay)).filter((event) => event.type === 2 || event.type === 3));
  expect(dangerous).toEqual([]);
});
