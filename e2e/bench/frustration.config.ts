// Not a test: `cargo xtask bench frustration` runs this against a server of its own.
import { defineConfig } from '@playwright/test';
import shared from '../playwright.config';

export default defineConfig({ ...shared, testDir: '.', testMatch: 'frustration.ts', timeout: 3_600_000, retries: 0, outputDir: '../test-results/bench-frustration' });
