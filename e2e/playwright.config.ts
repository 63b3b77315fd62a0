import { defineConfig } from '@playwright/test';

export default defineConfig({
  testDir: 'tests',
  // One server, one browser, one test at a time: the tests measure what real
  // SDKs do, and their batching depends on time.
  workers: 1,
  fullyParallel: false,
  // Real timers of real SDKs on a shared machine: a second try is shown as flaky in the report.
  retries: process.env.CI ? 1 : 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 90_000,
  expect: { timeout: 15_000 },
  reporter: [['list']],
  outputDir: 'test-results',
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 800 },
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    screenshot: 'only-on-failure',
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
