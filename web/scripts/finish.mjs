// The last step of the build: writes the early script, which knows the files of the pages that are opened
// most, into the app's page, and packs every file, so that the server need not do it for each visitor.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { build, filesOf, shared, stageFiles } from './built-files.mjs';

const own = (route) => [...filesOf(route)].filter((file) => !shared.has(file)).map((file) => `/${file}`);
const route_files = {
  '/': own('/(app)'),
  '/replays': own('/(app)/replays'),
  '/replays/[id]': [...own('/(app)/replays/[id]'), ...stageFiles('.js').map((file) => `/${file}`)],
};

const early_file = path.join(build, 'early/early.js');
const early = readFileSync(early_file, 'utf8').trim().replaceAll('ROUTE_FILES', () => JSON.stringify(route_files));
if (early.includes('</script') || !early.includes('/stage/immutable/')) throw new Error('the early script cannot be written into the page');
const page_file = path.join(build, 'index.html');
const page = readFileSync(page_file, 'utf8');
const place = '<!-- early -->';
if (!page.includes(place)) throw new Error(`the page has no ${place}`);
writeFileSync(page_file, page.replace(place, () => `<script>${early}</script>`));
rmSync(path.dirname(early_file), { recursive: true });

// What is smaller fits into one packet anyway.
const worth_packing_bytes = 1_000;
for (const entry of readdirSync(build, { recursive: true, withFileTypes: true })) {
  const file = path.join(entry.parentPath, entry.name);
  // The exported page is made of these by the server.
  if (!entry.isFile() || !/\.(js|css|html|svg)$/.test(entry.name) || file.startsWith(path.join(build, 'offline'))) continue;
  if (statSync(file).size < worth_packing_bytes) continue;
  const plain = readFileSync(file);
  const brotli = brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: plain.length } });
  writeFileSync(`${file}.br`, brotli);
  writeFileSync(`${file}.gz`, gzipSync(plain, { level: 9 }));
}
