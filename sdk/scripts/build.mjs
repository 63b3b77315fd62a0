// Builds what is published: ES modules, the script-tag file and the worker file.
import { build } from 'esbuild';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { privateNames } from './private-names.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  target: 'es2020',
  legalComments: 'none',
  logLevel: 'warning',
  mangleProps: new RegExp(`^(${privateNames(`${root}/src`).join('|')})$`),
};

/** What is loaded on demand stays a file of its own beside the one that loads it. */
const onDemand = {
  name: 'on-demand',
  setup(build) {
    build.onResolve({ filter: /\/(entry|targeting|modules\/[\w-]+)$/ }, ({ kind, path }) => {
      if (kind !== 'dynamic-import') return undefined;
      return { path: path.endsWith('/entry') ? './recorder.js' : `${path}.js`, external: true };
    });
  },
};

rmSync(`${root}/dist`, { recursive: true, force: true });
const modules = readdirSync(`${root}/src/modules`).filter((name) => !name.endsWith('.test.ts'));
await Promise.all([
  build({ ...shared, plugins: [onDemand], entryPoints: ['src/index.ts'], format: 'esm', outfile: 'dist/index.js' }),
  build({ ...shared, plugins: [onDemand], entryPoints: ['src/script.ts'], format: 'iife', outfile: 'dist/reenact.js' }),
  build({ ...shared, entryPoints: ['src/targeting.ts'], format: 'esm', outfile: 'dist/targeting.js' }),
  build({ ...shared, entryPoints: ['src/recorder/entry.ts'], format: 'esm', outfile: 'dist/recorder.js' }),
  build({ ...shared, entryPoints: ['src/transport/outbox-worker.ts'], format: 'iife', outfile: 'dist/outbox-worker.js' }),
  build({
    ...shared,
    entryPoints: modules.map((name) => `src/modules/${name}`),
    format: 'esm',
    outdir: 'dist/modules',
  }),
]);
