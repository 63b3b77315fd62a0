// Builds what is published: ES modules, the script-tag file and the worker file.
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  build({
    ...shared,
    plugins: [onDemand],
    entryPoints: ['src/script.ts'],
    format: 'iife',
    outfile: 'dist/reenact.js',
    // A script of another origin does not know where it came from once it runs.
    banner: { js: 'var reenactFolder=document.currentScript?.src||location.href;' },
  }),
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

const script = `${root}/dist/reenact.js`;
const imports = /import\("(\.\/[\w/-]+\.js)"\)/g;
writeFileSync(script, readFileSync(script, 'utf8').replace(imports, 'import(new URL("$1",reenactFolder).href)'));

// What a page may name to get exactly this build and no other.
const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
const names = readdirSync(`${root}/dist`, { recursive: true }).filter((name) => name.endsWith('.js')).sort();
const whole = createHash('sha256');
const integrity = {};
for (const name of names) {
  const bytes = readFileSync(`${root}/dist/${name}`);
  whole.update(name).update(bytes);
  integrity[name] = 'sha384-' + createHash('sha384').update(bytes).digest('base64');
}
const buildVersion = `${version}-${whole.digest('hex').slice(0, 8)}`;
writeFileSync(`${root}/dist/version.json`, JSON.stringify({ version: buildVersion, integrity }, null, 2) + '\n');
