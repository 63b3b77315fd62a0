// Not a test: `cargo xtask screenshots` takes the pictures of docs/screenshots.
import { defineConfig } from '@playwright/test';
import shared from '../playwright.config';

export default defineConfig({ ...shared, testDir: '.', testMatch: 'screens.ts', timeout: 900_000, retries: 0, outputDir: '../test-results/screenshots' });
