// A frame of another origin records itself into the page around it.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundle } from './support/bundle';
import { expect, flush, open, test } from './support/sdk-page';

const child = (origins: string) => `<!doctype html><style>p { color: rgb(1, 2, 3) }</style><p>marker-child</p>
  <input id=i><input type=password value=secret-child><script type=module>
  import { recordForParent } from '/frames.js';
  recordForParent({ origins: ${origins}, privacyConfig: { defaultMaskLevel: 'light' } });
  </script>`;

test('both sides agree: one recording; anybody else is not heard', async ({ page, ingest, context }) => {
  const file = await readFile(fileURLToPath(new URL('../dist/modules/child-frame.js', import.meta.url)), 'utf8');
  for (const host of ['child.test', 'stranger.test', 'shy.test']) {
    await context.route(`http://${host}/**`, (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ body: file, contentType: 'text/javascript' })
        : route.fulfill({
            // The shy frame does not name the page.
            body: child(JSON.stringify([host === 'shy.test' ? 'http://elsewhere.test' : ingest.url])).replace('marker-child', `marker-${host}`),
            contentType: 'text/html',
          }),
    );
  }
  await open(page, ingest, '<p>marker-top</p>');
  await page.evaluate(async () => {
    const path = '/dist/modules/frames.js';
    const { crossOriginFrames } = await import(path);
    await window.reenact.init('key-of-the-project', {
      serverUrl: location.origin,
      deviceId: 'd',
      sessionId: 's',
      sampleRate: 1,
      modules: [crossOriginFrames({ origins: ['http://child.test', 'http://shy.test'] })],
    }).promise;
    for (const host of ['child.test', 'stranger.test', 'shy.test']) {
      const frame = document.createElement('iframe');
      frame.src = `http://${host}/`;
      document.body.append(frame);
    }
  });
  await expect.poll(() => page.frames().filter((frame) => frame.url().includes('.test')).length).toBe(3);
  const frame = page.frames().find((frame) => frame.url().includes('child.test'))!;
  await page.waitForTimeout(400);
  await frame.fill('#i', 'marker-typed');
  await frame.evaluate(() => document.body.append('marker-added'));
  // A forged event of a page that is not named.
  await page
    .frames()
    .find((frame) => frame.url().includes('stranger.test'))!
    .evaluate(() => {
      const event = { type: 5, data: { tag: 'marker-forged', payload: {} }, timestamp: Date.now() };
      window.parent.postMessage({ type: 'reenact-frame', kind: 'event', event }, '*');
    });
  await page.waitForTimeout(300);
  await flush(page);

  const player = await context.newPage();
  await player.goto(ingest.url + '/');
  await player.evaluate(await bundle('replay-page.ts'));
  const shown = () => player.evaluate((events) => window.replay(events, 'virtual'), ingest.stored()).then((lines) => lines.join('\n'));
  const before = await shown();
  for (const text of ['marker-top', 'marker-child.test', 'marker-typed', 'marker-added', 'rgb(1, 2, 3)']) expect(before).toContain(text);
  for (const text of ['stranger', 'shy', 'forged', 'secret-child']) expect(JSON.stringify(ingest.stored())).not.toContain(`marker-${text}`);
  expect(JSON.stringify(ingest.stored())).not.toContain('secret-child');

  // A new session shows the frame again.
  await page.evaluate(() => window.reenact.setSessionId('s2').promise);
  await page.waitForTimeout(400);
  await frame.evaluate(() => document.body.append('marker-second'));
  await page.waitForTimeout(200);
  await flush(page);
  const second = await player.evaluate((events) => window.replay(events, 'virtual'), ingest.stored('s2'));
  expect(second.join('\n')).toContain('marker-child.test');
  expect(second.join('\n')).toContain('marker-second');
});
