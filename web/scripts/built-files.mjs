// What the build made, by the page that needs it: from Vite's manifest and SvelteKit's list of routes.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export const web = path.resolve(import.meta.dirname, '..');
export const build = path.join(web, 'build');

const read = (...parts) => readFileSync(path.join(web, '.svelte-kit', ...parts), 'utf8');
const manifest = JSON.parse(read('output', 'client', '.vite', 'manifest.json'));

/** Scripts and style sheets of a chunk and of everything it imports statically. */
function withImports(key, seen = new Set(), files = new Set()) {
  if (seen.has(key)) return files;
  seen.add(key);
  const chunk = manifest[key];
  if (!chunk) throw new Error(`the build has no chunk ${key}`);
  files.add(chunk.file);
  for (const sheet of chunk.css ?? []) files.add(sheet);
  for (const imported of chunk.imports ?? []) withImports(imported, seen, files);
  return files;
}

const nodeFiles = (number) => withImports(`.svelte-kit/generated/client-optimized/nodes/${number}.js`);
const union = (sets) => new Set(sets.flatMap((set) => [...set]));

/** What index.html itself starts. */
export const shared = union([
  ...Object.keys(manifest)
    .filter((key) => /\/(client\/entry|client-optimized\/app)\.js$/.test(key))
    .map((key) => withImports(key)),
  nodeFiles(0),
]);

/** A route's page, then the layouts around it. */
export const routes = new Map(
  [...read('generated', 'client-optimized', 'app.js').matchAll(/^\s*"(\/[^"]*)": \[~?(\d+)(?:,\[([\d,]*)\])?/gm)].map(
    ([, route, page, layouts]) => [route, { page: Number(page), layouts: (layouts ?? '').split(',').filter(Boolean).map(Number) }],
  ),
);
if (shared.size < 3 || !routes.has('/(app)/replays/[id]')) throw new Error('the build is not laid out as expected');

export const filesOf = (route) => {
  const { page, layouts } = routes.get(route);
  return union([...layouts, page].map(nodeFiles));
};
export const layoutFilesOf = (route) => union(routes.get(route).layouts.map(nodeFiles));

/** The stage's scripts or style sheets; their names hold a hash. */
export const stageFiles = (extension) =>
  readdirSync(path.join(build, 'stage/immutable'))
    .filter((name) => name.endsWith(extension))
    .map((name) => `stage/immutable/${name}`);
