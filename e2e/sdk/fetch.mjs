// Puts script builds of SDKs into `.cache/`:
// - those in packages.json, as they were published. Some cannot be installed, since
//   a dependency of theirs was never published, so they are packed one by one. The
//   checksum is checked on every fetch;
// - Sentry's, which publishes modules only: bundled from the installed packages, as a
//   site's own build would;
// - sentry-sdk for Python in an environment of its own, if Python can make one. The
//   test that needs it is skipped otherwise.
// What is already there is kept.
import { build } from 'esbuild';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '.cache');
const packages = JSON.parse(readFileSync(join(here, 'packages.json'), 'utf8'));

mkdirSync(cache, { recursive: true });
// An entry has one `script`, or a `folder` of scripts that the SDK asks its server for.
for (const { name, version, script, folder, integrity } of packages) {
  const plainName = name.replace('@', '').replace('/', '-');
  const target = script ? join(cache, `${plainName}-${version}.js`) : join(cache, plainName, version, folder);
  if (existsSync(target)) continue;
  const work = mkdtempSync(join(tmpdir(), 'reenact-sdk-'));
  try {
    // Arguments after `--` are the package only; `--ignore-scripts` because a
    // fetched package has no business running anything here.
    const answer = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work, '--', `${name}@${version}`], {
      cwd: work,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [{ filename }] = JSON.parse(answer);
    const archive = join(work, filename);
    const actual = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (actual !== integrity) throw new Error(`${name}@${version} has checksum ${actual}, expected ${integrity}`);
    execFileSync('tar', ['xzf', archive, '-C', work]);
    const source = join(work, 'package');
    if (script) cpSync(join(source, script), target);
    else {
      mkdirSync(target, { recursive: true });
      for (const file of readdirSync(join(source, folder))) if (file.endsWith('.js')) cpSync(join(source, folder, file), join(target, file));
    }
    console.log(`fetched ${name}@${version}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

for (const major of [7, 8, 10, 11]) {
  const name = `sentry-browser-${major}`;
  const { version } = JSON.parse(readFileSync(join(here, '..', '..', 'node_modules', name, 'package.json'), 'utf8'));
  const target = join(cache, `${name}.js`);
  const banner = `/* @sentry/browser ${version} */`;
  if (existsSync(target) && readFileSync(target, 'utf8').startsWith(banner)) continue;
  await build({
    stdin: { contents: `export * from '${name}'`, resolveDir: here },
    outfile: target,
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'Sentry',
    target: 'es2020',
    banner: { js: banner },
    define: { __SENTRY_DEBUG__: 'false' },
    logLevel: 'warning',
  });
  console.log(`bundled @sentry/browser ${version}`);
}

const pythonVersion = '2.75.0';
const python = join(cache, `python-sentry-sdk-${pythonVersion}`);
if (!existsSync(python)) {
  try {
    execFileSync('python3', ['-m', 'venv', python], { stdio: 'pipe' });
    execFileSync(join(python, 'bin', 'pip'), ['install', '--quiet', '--disable-pip-version-check', `sentry-sdk==${pythonVersion}`], { stdio: 'pipe' });
    console.log(`installed sentry-sdk ${pythonVersion} for Python`);
  } catch (error) {
    rmSync(python, { recursive: true, force: true });
    console.log(`no sentry-sdk for Python (its test is skipped): ${String(error.stderr ?? error.message).trim().split('\n').at(-1)}`);
  }
}
