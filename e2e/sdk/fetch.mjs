// Puts the published script build of each package in packages.json into
// `.cache/`. Some of them cannot be installed, since a dependency of theirs was
// never published, so they are packed one by one. The checksum is checked on
// every fetch; an unpacked file that is already there is kept.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '..', '.cache');
const packages = JSON.parse(readFileSync(join(here, 'packages.json'), 'utf8'));

mkdirSync(cache, { recursive: true });
for (const { name, version, script, integrity } of packages) {
  const target = join(cache, `${name.replace('@', '').replace('/', '-')}-${version}.js`);
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
    copyFileSync(join(work, 'package', script), target);
    console.log(`fetched ${name}@${version}`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
