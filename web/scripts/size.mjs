// Adds up what the list page and the player page load, and what every other page loads on top of the
// app's shell, gzipped, and fails above the budgets. Reads the build itself: the entry scripts in index.html, their static imports, and the route's
// own chunks, which SvelteKit names in the manifest part of its client app.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';

const build = path.resolve(import.meta.dirname, '../build');
const budgets_kb = { list: 60, player: 170, lazy: 40 };

const read = (file) => readFileSync(path.join(build, file), 'utf8');
const gzip_bytes = (file) => gzipSync(readFileSync(path.join(build, file)), { level: 9 }).length;

/** The file and everything it imports statically. */
function withImports(file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  const statics = /(?:^|[;\s}])(?:import|export)\s*(?:[\w*{][^'"()]*?from\s*)?["'](\.{1,2}\/[^"']+\.js)["']/g;
  for (const [, target] of read(file).matchAll(statics)) {
    withImports(path.posix.join(path.posix.dirname(file), target), seen);
  }
  return seen;
}

const index = read('index.html');
const entries = [...index.matchAll(/import\("\/([^"]+\.js)"\)|href="\/([^"]+\.js)"/g)].map(
  (match) => match[1] ?? match[2],
);
const shared = new Set();
for (const entry of entries) withImports(entry, shared);

// Pages are nodes/<number>.<hash>.js; what a node is for shows in its source through its imports.
const node_folder = '_app/immutable/nodes';
const nodes = readdirSync(path.join(build, node_folder)).map((name) => `${node_folder}/${name}`);
const node = (number) => nodes.find((file) => path.basename(file).startsWith(`${number}.`));
const node_order = routesInBuildOrder();

/** The numbers of a route's nodes: root layout 0, root error 1, then what its route entry lists. */
function routesInBuildOrder() {
  const app = [...shared].find((file) => /"\/\(app\)\/replays\/\[id\]"/.test(read(file)));
  if (!app) throw new Error('the list of routes was not found in the build');
  const source = read(app);
  const of = (route) => {
    const found = source.match(new RegExp(`"${route.replace(/[()[\]/]/g, '\\$&')}":\\[~?(\\d+)(?:,\\[([\\d,]*)\\])?`));
    if (!found) throw new Error(`no route ${route} in the build`);
    return [0, Number(found[1]), ...(found[2] ?? '').split(',').filter(Boolean).map(Number)];
  };
  const routes = [...source.matchAll(/"(\/[^"]*)":\[~?\d+/g)].map(([, route]) => route);
  return {
    list: of('/(app)/replays'),
    player: of('/(app)/replays/[id]'),
    lazy: new Map(routes.filter((route) => !route.startsWith('/(app)/replays')).map((route) => [route, of(route)])),
  };
}

let failed = false;
function report(name, files, budget_kb) {
  const total_kb = [...files].reduce((sum, file) => sum + gzip_bytes(file), 0) / 1024;
  const over = total_kb > budget_kb;
  failed ||= over;
  console.log(
    `${name.padEnd(24)} ${total_kb.toFixed(1).padStart(6)} KB gzip in ${files.size} files` +
      `, budget ${budget_kb} KB${over ? '  OVER BUDGET' : ''}`,
  );
  if (!process.argv.includes('--files')) return;
  for (const file of files) console.log(`       ${(gzip_bytes(file) / 1024).toFixed(1).padStart(6)}  ${file}`);
}

for (const page of ['list', 'player']) {
  const files = new Set(shared);
  for (const number of node_order[page]) withImports(node(number), files);
  if (page === 'player') files.add('stage/stage.js');
  report(page, files, budgets_kb[page]);
}

// A page that is opened from another one brings only what is its own.
const shell = new Set(shared);
// A route's numbers are: root layout, its page, then the layouts between.
for (const number of node_order.list.filter((_, index) => index !== 1)) withImports(node(number), shell);
for (const [route, numbers] of node_order.lazy) {
  const files = new Set();
  for (const number of numbers) withImports(node(number), files);
  report(`+ ${route}`, new Set([...files].filter((file) => !shell.has(file))), budgets_kb.lazy);
}

// So do the parts that are loaded when they are first needed.
const parts = readdirSync(path.join(build, '_app/immutable/chunks')).filter((name) => name.endsWith('.js'));
for (const name of parts) {
  const size_kb = gzip_bytes(`_app/immutable/chunks/${name}`) / 1024;
  if (size_kb > budgets_kb.lazy && !shell.has(`_app/immutable/chunks/${name}`)) {
    failed = true;
    console.log(`chunk ${name} has ${size_kb.toFixed(1)} KB gzip  OVER BUDGET`);
  }
}
process.exitCode = failed ? 1 : 0;
