// Measures what recording costs the page: CPU time of its main thread with each
// recorder, minus the same without one. Rounds are interleaved, so that whatever else
// the machine does hits all alike. Then what short visits and large pages lose.
//
//   node bench/run.mjs [--rounds 5] [--only styles,start5k] [--recorders reenact,rrweb] [--json file]
import { chromium } from '@playwright/test';
import { createServer } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { textOf } from './markers.mjs';
import { answerOf, isUpload, scripts } from './recorders.mjs';

const argument = (name, otherwise = '') => {
  const at = process.argv.indexOf('--' + name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const list = (name, all) => argument(name).split(',').filter(Boolean).concat(argument(name) ? [] : all);
const ROUNDS = Number(argument('rounds', 5));
const RECORDERS = ['none', ...list('recorders', ['reenact', 'rrweb', 'amplitude', 'sentry', 'posthog'])];
const CASES = [
  { name: 'start5k', nodes: 5_000, work: 'start' },
  { name: 'start50k', nodes: 50_000, work: 'start' },
  { name: 'table1k', nodes: 500, work: 'table1k' },
  { name: 'table10k', nodes: 500, work: 'table10k' },
  { name: 'siblings', nodes: 500, work: 'siblings' },
  { name: 'siblings4', nodes: 500, work: 'siblings4' },
  { name: 'styles', nodes: 500, work: 'styles' },
  { name: 'routes', nodes: 500, work: 'routes' },
  { name: 'typing', nodes: 500, work: 'typing' },
  { name: 'ticking', nodes: 500, work: 'ticking' },
];
const VISITS = ['visit', 'large'];
/** Some recorders send only every five seconds, or with the next event after that. */
const WIRE = ['wire-start5k', 'wire-routes', 'wire-styles'];
const SLOWEST_SEND_MS = 7_000;
const chosen = list('only', [...CASES.map(({ name }) => name), ...VISITS, ...WIRE]);

const files = { ...(await scripts()), '/page.js': await readFile(fileURLToPath(new URL('page.js', import.meta.url))) };
let uploads = [];
const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // The page left.
  }
  if (isUpload(path) && request.method === 'POST') uploads.push(Buffer.concat(chunks));
  if (files[path]) return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(files[path]);
  if (path.startsWith('/page-of-')) {
    const recorder = path.slice('/page-of-'.length);
    response.writeHead(200, { 'Content-Type': 'text/html' });
    const style = '<style>.card{padding:2px}.row td{color:#333}</style>';
    return response.end(`<!doctype html><meta charset=utf-8>${style}<body><script src=/${recorder}/index.js></script><script src=/page.js></script>`);
  }
  response.writeHead(200, { 'Content-Type': 'application/json' }).end(answerOf(path));
});
await new Promise((done) => server.listen(0, 'localhost', done));
const origin = `http://localhost:${server.address().port}`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--js-flags=--expose-gc'],
});

async function open(recorder, nodes) {
  const context = await browser.newContext();
  const page = await context.newPage();
  uploads = [];
  await page.goto(`${origin}/page-of-${recorder}`);
  await page.evaluate((nodes) => bench.build(nodes), nodes);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))));
  return { context, page };
}

/** The visitor goes; recorders that need it get a moment to send the rest. */
async function leave(page) {
  await page.goto('about:blank');
  await page.waitForTimeout(1_200);
  return uploads;
}

async function measure({ nodes, work }, recorder) {
  const { context, page } = await open(recorder, nodes);
  const cdp = await context.newCDPSession(page);
  // Time the thread was running, not time that passed.
  await cdp.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await cdp.send('Performance.enable');
  const read = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    return { cpu_ms: of('TaskDuration') * 1000, heap_bytes: of('JSHeapUsedSize') };
  };
  await page.evaluate(() => gc());
  const before = await read();
  await page.evaluate(() => bench.record());
  await page.evaluate((work) => bench.work(work), work);
  if (work === 'start') await page.waitForTimeout(1_500);
  const cpu_ms = (await read()).cpu_ms - before.cpu_ms;
  const longest_ms = await page.evaluate(() => Math.max(0, ...longTasks));
  await page.evaluate(() => {
    window.kept = [];
    gc();
  });
  const heap_bytes = (await read()).heap_bytes - before.heap_bytes;
  const sent = await leave(page);
  const wire_bytes = sent.reduce((sum, body) => sum + body.length, 0);
  await context.close();
  return { cpu_ms, longest_ms, heap_bytes, wire_bytes, uploads: sent.length };
}

/** How many of the page's marked states arrive. */
async function lost(work, recorder) {
  const { context, page } = await open(recorder, work === 'large' ? 2_000 : 500);
  await page.evaluate(() => bench.record());
  const marks = await page.evaluate((work) => bench.work(work), work);
  const text = (await leave(page)).map(textOf).join('\n');
  await context.close();
  return { marks: marks.length, lost: marks.filter((mark) => !text.includes(mark)).length };
}

/** What recorders send of a work when they are given the time. */
async function wireBytes({ nodes, work }, recorder) {
  const { context, page } = await open(recorder, nodes);
  await page.evaluate(() => bench.record());
  await page.evaluate((work) => bench.work(work), work);
  for (const x of [100, 200]) {
    await page.waitForTimeout(SLOWEST_SEND_MS);
    await page.mouse.move(x, 100);
    await page.evaluate(() => document.querySelector('#stage').append('one more'));
  }
  const sent = await leave(page);
  await context.close();
  return sent.reduce((sum, body) => sum + body.length, 0);
}

const middle = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const results = {};
const table = (title, format) => {
  console.log(`\n${title.padEnd(44)}${RECORDERS.map((name) => name.padStart(11)).join('')}`);
  for (const [name, medians] of Object.entries(results)) {
    if (medians.none?.cpu_ms === undefined) continue;
    console.log(`  ${name.padEnd(42)}${RECORDERS.map((recorder) => String(format(medians[recorder], medians.none)).padStart(11)).join('')}`);
  }
};

for (const test of CASES.filter(({ name }) => chosen.includes(name))) {
  const runs = Object.fromEntries(RECORDERS.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const recorder of RECORDERS) runs[recorder].push(await measure(test, recorder));
  }
  results[test.name] = {};
  for (const recorder of RECORDERS) {
    const medians = (results[test.name][recorder] = {});
    for (const key of Object.keys(runs.none[0])) medians[key] = Math.round(middle(runs[recorder].map((run) => run[key])));
  }
  console.error(`${test.name} done`);
}
table('CPU, ms (none: the page itself)', (own, none) => (own === none ? own.cpu_ms : own.cpu_ms - none.cpu_ms));
table('longest task, ms', (own) => own.longest_ms);
table('heap kept, KB', (own, none) => Math.round((own.heap_bytes - none.heap_bytes) / 1024));
table('wire, KB', (own) => (own.wire_bytes / 1024).toFixed(1));
table('uploads', (own) => own.uploads);
for (const visit of VISITS.filter((name) => chosen.includes(name))) {
  results[visit] = {};
  for (const recorder of RECORDERS.slice(1)) {
    // One that sends nothing can lose nothing.
    if (recorder !== 'rrweb') results[visit][recorder] = await lost(visit, recorder);
  }
  const told = Object.entries(results[visit]).map(([name, { lost, marks }]) => `${name} ${lost} of ${marks}`);
  console.log(`\nstates lost, ${visit === 'visit' ? 'a visit of two seconds' : 'a page of 12 MB'}: ${told.join(', ')}`);
}
for (const name of WIRE.filter((name) => chosen.includes(name))) {
  const test = CASES.find((one) => 'wire-' + one.name === name);
  results[name] = {};
  for (const recorder of RECORDERS.slice(1)) {
    if (recorder !== 'rrweb') results[name][recorder] = await wireBytes(test, recorder);
  }
  console.log(`\nwire bytes, ${test.name}: ${Object.entries(results[name]).map(([who, bytes]) => `${who} ${bytes}`).join(', ')}`);
}
if (argument('json')) await writeFile(argument('json'), JSON.stringify(results, null, 2));
await browser.close();
server.close();
