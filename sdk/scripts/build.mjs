// Builds what is published: ES modules, the script-tag file and the worker file.
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
};

rmSync(`${root}/dist`, { recursive: true, force: true });
const modules = readdirSync(`${root}/src/modules`).filter((name) => !name.endsWith('.test.ts'));
await Promise.all([
  build({ ...shared, entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/index.js' }),
  build({ ...shared, entryPoints: ['src/script.ts'], format: 'iife', outfile: 'dist/reenact.js' }),
  build({ ...shared, entryPoints: ['src/transport/outbox-worker.ts'], format: 'iife', outfile: 'dist/outbox-worker.js' }),
  build({
    ...shared,
    entryPoints: modules.map((name) => `src/modules/${name}`),
    format: 'esm',
    outdir: 'dist/modules',
  }),
]);
