// Adds up what the list page and the player page load, and what every other page loads on top of the
// app's shell, gzipped, and fails above the budgets.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { build, filesOf, layoutFilesOf, routes, shared, stageFiles } from './built-files.mjs';

const budgets_kb = { list: 60, player: 170, lazy: 40 };
const read = (file) => readFileSync(path.join(build, file), 'utf8');
/** Of a page, the scripts that are written into it. */
const inline = (page) => [...page.matchAll(/<script>([^]*?)<\/script>/g)].map(([, script]) => script).join('\n');
const gzip_bytes = (file) => gzipSync(file.endsWith('.html') ? inline(read(file)) : read(file), { level: 9 }).length;
const scripts = (files) => [...files].filter((file) => file.endsWith('.js'));

let failed = false;
function report(name, files, budget_kb) {
  const total_kb = files.reduce((sum, file) => sum + gzip_bytes(file), 0) / 1024;
  const over = total_kb > budget_kb;
  failed ||= over;
  console.log(
    `${name.padEnd(24)} ${total_kb.toFixed(1).padStart(6)} KB gzip in ${files.length} files` +
      `, budget ${budget_kb} KB${over ? '  OVER BUDGET' : ''}`,
  );
  if (!process.argv.includes('--files')) return;
  for (const file of files) console.log(`       ${(gzip_bytes(file) / 1024).toFixed(1).padStart(6)}  ${file}`);
}

const list = '/(app)/replays';
const player = '/(app)/replays/[id]';
const whole = (route) => ['index.html', ...new Set(scripts([...shared, ...filesOf(route)]))];
report('list', whole(list), budgets_kb.list);
report('player', [...whole(player), ...stageFiles('.js')], budgets_kb.player);

// A page that is opened from another one brings only what is its own.
const shell = new Set([...shared, ...layoutFilesOf(list)]);
for (const route of [...routes.keys()].filter((name) => !name.startsWith(list))) {
  report(`+ ${route}`, scripts(filesOf(route)).filter((file) => !shell.has(file)), budgets_kb.lazy);
}

// So do the parts that are loaded when they are first needed.
const chunks = '_app/immutable/chunks';
for (const name of readdirSync(path.join(build, chunks)).filter((name) => name.endsWith('.js'))) {
  const size_kb = gzip_bytes(`${chunks}/${name}`) / 1024;
  if (size_kb > budgets_kb.lazy && !shell.has(`${chunks}/${name}`)) {
    failed = true;
    console.log(`chunk ${name} has ${size_kb.toFixed(1)} KB gzip  OVER BUDGET`);
  }
}
process.exitCode = failed ? 1 : 0;
