// A replay taken away as one file: it plays without a network and without a server, and what was
// recorded can do no more there than in the app.
import { writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { addresses, foreignRequests, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording, hostileRecording } from '../support/recordings';

for (const [name, recording] of [
  ['counting', (start_ms: number) => countingRecording(start_ms, 20)],
  ['hostile', (start_ms: number) => hostileRecording(start_ms, 'http://elsewhere.invalid')],
] as const) {
  test(`an exported page plays by itself: ${name}`, async ({ page, context, server }, info) => {
    const start_ms = Date.now() - 60_000;
    const replay = await server.upload(`visitor-export-${name}-${start_ms}`, String(start_ms), recording(start_ms));
    await signIn(context, server);
    const answer = await context.request.get(`${server.origin}/api/v1/replays/${replay.id}/export?format=html`);
    expect(answer.status()).toBe(200);
    expect(answer.headers()['content-disposition']).toContain('.html');
    const file = info.outputPath('replay.html');
    await writeFile(file, await answer.body());

    await context.setOffline(true);
    const asked = foreignRequests(context, 'null');
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(pathToFileURL(file).href);
    const recorded = page.frameLocator('#page iframe');
    const position = page.getByRole('slider', { name: 'Position' });
    if (name === 'counting') {
      await expect(recorded.locator('p.count')).toHaveText('second 0');
      await position.fill('12300');
      await expect(recorded.locator('p.count')).toHaveText('second 12');
      await position.fill('3300');
      await expect(recorded.locator('p.count')).toHaveText('second 3');
      await page.getByRole('button', { name: 'Play' }).click();
      await expect(recorded.locator('p.count')).toHaveText('second 5');
      await expect(page.getByRole('button', { name: 'Pause' })).toBeVisible();
      await page.keyboard.press('ArrowRight');
      await expect(recorded.locator('p.count')).toHaveText(/second 1[5-9]/);
    } else {
      await expect(recorded.getByText('hostile page drawn')).toBeVisible();
      await position.fill('2500');
      await expect(recorded.locator('p.end')).toHaveCount(1);
      expect(await page.evaluate('window.__pwned')).toBeUndefined();
    }
    const elsewhere = addresses(asked).filter((url) => !url.startsWith('file:'));
    expect(elsewhere, 'requests the page wanted to make').toEqual([]);
    expect(errors).toEqual([]);
  });
}
