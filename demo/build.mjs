// Builds the shop into `dist/`: bundles our code, copies the static files and the
// published script builds of Amplitude's SDKs, which stay byte for byte as shipped.
import { build } from 'esbuild';
import { cp, mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRequire } from 'node:module';

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, 'dist');
const require = createRequire(import.meta.url);

/** Folder of an installed package, wherever npm has hoisted it. */
function packageFolder(name) {
  const marker = join('node_modules', ...name.split('/'));
  const entry = require.resolve(name);
  return entry.slice(0, entry.lastIndexOf(marker) + marker.length);
}

const sdkScripts = {
  'analytics.js': join(packageFolder('@amplitude/analytics-browser'), 'lib/scripts/amplitude-min.umd.js'),
  'session-replay.js': join(
    packageFolder('@amplitude/plugin-session-replay-browser'),
    'lib/scripts/plugin-session-replay-browser-min.js',
  ),
};

await rm(dist, { recursive: true, force: true });
await mkdir(join(dist, 'vendor'), { recursive: true });
await cp(join(here, 'static'), dist, { recursive: true });
for (const [name, source] of Object.entries(sdkScripts)) {
  await cp(source, join(dist, 'vendor', name));
}
await build({
  absWorkingDir: here,
  entryPoints: { shop: 'src/shop.ts', about: 'src/about.ts', playground: 'src/playground.ts' },
  outdir: 'dist',
  bundle: true,
  minify: true,
  format: 'iife',
  target: 'es2022',
  logLevel: 'warning',
});
