import { expect, type Page } from '@playwright/test';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Nothing at all that axe finds, and nothing wider than the screen. */
export async function expectClean(page: Page, what: string): Promise<void> {
  // Through the debugger: the policy of the app forbids inline scripts.
  await page.evaluate(axeSource);
  const violations = await page.evaluate(async () => {
    const { axe } = window as any;
    // The stage is a picture of another page and is hidden from readers.
    const result = await axe.run({ exclude: [['iframe']] }, { resultTypes: ['violations'] });
    return result.violations.map((violation: any) => `${violation.id}: ${violation.nodes.map((node: any) => node.html).join(' | ')}`);
  });
  expect.soft(violations, what).toEqual([]);
  const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
  expect.soft(overflows, `${what}: wider than the screen`).toBe(false);
}
