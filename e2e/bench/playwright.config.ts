// Not a test: `cargo xtask bench engine` runs this against a server of its own.
import { defineConfig } from '@playwright/test';
import shared from '../playwright.config';

export default defineConfig({ ...shared, testDir: '.', testMatch: 'engine.ts', timeout: 900_000, retries: 0, outputDir: '../test-results/bench' });
