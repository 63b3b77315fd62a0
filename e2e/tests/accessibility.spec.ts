// axe on every page of the app, in both themes.
import type { Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { recordedPage, signIn } from '../support/app';
import { expect, test } from '../support/fixtures';
import { countingRecording } from '../support/recordings';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function expectAccessible(page: Page, what: string): Promise<void> {
  // Through the debugger: the policy of the app forbids inline scripts.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as any;
    // The stage is a picture of another page and is hidden from readers.
    const result = await axe.run({ exclude: [['iframe']] }, { resultTypes: ['violations'] });
    return result.violations
      .filter((violation: any) => ['serious', 'critical'].includes(violation.impact))
      .map((violation: any) => `${violation.id}: ${violation.nodes.map((node: any) => node.html).join(' | ')}`);
  });
  expect.soft(violations, what).toEqual([]);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no serious accessibility faults, ${colorScheme}`, async ({ page, context, server }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server.origin}/login`);
    await expect(page.getByLabel('E-mail')).toBeVisible();
    await expectAccessible(page, 'login');

    const start_ms = Date.now() - 60_000;
    const deviceId = `visitor-axe-${start_ms}`;
    const replay = await server.upload(deviceId, String(start_ms), countingRecording(start_ms, 10));
    await signIn(context, server);
    await page.goto(`${server.origin}/replays`);
    await expect(page.getByRole('link', { name: deviceId })).toBeVisible();
    await expectAccessible(page, 'list');

    await page.goto(`${server.origin}/replays/${replay.id}`);
    await expect(recordedPage(page).getByText(/^second \d+$/)).toBeVisible();
    await expectAccessible(page, 'player');

    await page.goto(`${server.origin}/replays/no-such-replay`);
    await expect(page.getByText(/does not exist/i).first()).toBeVisible();
    await expectAccessible(page, 'missing replay');
  });

  test(`the demo shop has no serious accessibility faults, ${colorScheme}`, async ({ page, server }) => {
    await page.emulateMedia({ colorScheme });
    await page.goto(`${server.origin}/demo/product/tarn-bowl`);
    await page.getByRole('button', { name: 'Add to cart' }).click();
    for (const path of ['/demo/', '/demo/product/tarn-bowl', '/demo/cart', '/demo/checkout', '/demo/about.html']) {
      await page.goto(server.origin + path);
      await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
      await expectAccessible(page, path);
    }
  });
}
