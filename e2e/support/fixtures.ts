import { test as base, expect } from '@playwright/test';
import { writeFileSync } from 'node:fs';
import { sdkFolder } from './sdks';
import { Server } from './server';
import { Site } from './site';
import { Tap } from './tap';

interface TestFixtures {
  tap: Tap;
  serverLogOnFailure: void;
}

interface WorkerFixtures {
  server: Server;
  site: Site;
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  server: [
    async ({}, use) => {
      const server = await Server.start({ env: { REENACT__POSTHOG__PACKAGE_DIR: sdkFolder('posthog-js') } });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  site: [
    async ({}, use) => {
      const site = await Site.start();
      await use(site);
      await site.stop();
    },
    { scope: 'worker' },
  ],
  tap: async ({ server }, use, testInfo) => {
    const tap = await Tap.start(server.origin);
    await use(tap);
    await tap.stop();
    if (testInfo.status !== testInfo.expectedStatus) {
      const lines = tap.uploads.map(({ at_ms, method, path, query, size_bytes, status }) => `${at_ms} ${method} ${path}?${query} ${size_bytes} bytes -> ${status}`);
      const path = testInfo.outputPath('uploads.log');
      writeFileSync(path, lines.join('\n'));
      await testInfo.attach('uploads.log', { path, contentType: 'text/plain' });
    }
  },
  serverLogOnFailure: [
    async ({ server }, use, testInfo) => {
      const logged_before = server.log.length;
      await use();
      if (testInfo.status !== testInfo.expectedStatus) {
        const path = testInfo.outputPath('server.log');
        writeFileSync(path, server.log.slice(logged_before));
        await testInfo.attach('server.log', { path, contentType: 'text/plain' });
      }
    },
    { auto: true },
  ],
});

export { expect };

/** With a server of its own, for tests that delete, or that count all there is. */
export const testAlone = test.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const server = await Server.start();
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});
