// Measures what recording costs the page: CPU time of its main thread with each
// recorder, minus the same without one. Rounds are interleaved, so that whatever else
// the machine does hits all alike.
//
//   node bench/run.mjs [--rounds 5] [--only styles,start5k] [--json file]
import { chromium } from '@playwright/test';
import { createServer } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const argument = (name, otherwise) => {
  const at = process.argv.indexOf('--' + name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const ROUNDS = Number(argument('rounds', 5));
const ONLY = argument('only', '')?.split(',').filter(Boolean);
const RECORDERS = ['none', 'reenact', 'rrweb'];
const CASES = [
  { name: 'start5k', nodes: 5_000, work: 'start' },
  { name: 'start50k', nodes: 50_000, work: 'start' },
  { name: 'table1k', nodes: 500, work: 'table1k' },
  { name: 'table10k', nodes: 500, work: 'table10k' },
  { name: 'styles', nodes: 500, work: 'styles' },
  { name: 'routes', nodes: 500, work: 'routes' },
  { name: 'typing', nodes: 500, work: 'typing' },
  { name: 'ticking', nodes: 500, work: 'ticking' },
].filter(({ name }) => !ONLY.length || ONLY.includes(name));

const file = (path) => readFile(fileURLToPath(new URL(path, import.meta.url)));
const files = {
  '/reenact.js': await file('../dist/reenact.js'),
  '/rrweb.js': await file('../../node_modules/@rrweb/record/dist/record.umd.cjs'),
  '/page.js': await file('page.js'),
};
let wire_bytes = 0;
let uploads = 0;
const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  if (path.startsWith('/config/')) return response.end('{"configs":{"sessionReplay":{}}}');
  if (path.startsWith('/api/')) {
    uploads++;
    for await (const chunk of request) wire_bytes += chunk.length;
    return response.end('{}');
  }
  if (files[path]) return response.writeHead(200, { 'Content-Type': 'text/javascript' }).end(files[path]);
  response.writeHead(200, { 'Content-Type': 'text/html' });
  response.end('<!doctype html><meta charset=utf-8><style>.card{padding:2px}.row td{color:#333}</style><body><script src=/reenact.js></script><script>var exports={},module={exports}</script><script src=/rrweb.js></script><script>window.rrweb=window.rrweb||window.rrwebRecord||module.exports</script><script src=/page.js></script>');
});
await new Promise((done) => server.listen(0, 'localhost', done));
const url = `http://localhost:${server.address().port}/`;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--js-flags=--expose-gc'],
});

async function measure({ nodes, work }, recorder) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // Time the thread was running, not time that passed.
  await cdp.send('Performance.setTimeDomain', { timeDomain: 'threadTicks' });
  await cdp.send('Performance.enable');
  await page.goto(url);
  await page.evaluate((nodes) => bench.build(nodes), nodes);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))));
  const read = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    return { cpu_ms: of('TaskDuration') * 1000, heap_bytes: of('JSHeapUsedSize') };
  };
  await page.evaluate(() => gc());
  wire_bytes = uploads = 0;
  const before = await read();
  await page.evaluate((recorder) => bench.record(recorder), recorder);
  await page.evaluate((work) => bench.work(work), work);
  if (work === 'start') await page.waitForTimeout(700);
  const cpu_ms = (await read()).cpu_ms - before.cpu_ms;
  const longest_ms = await page.evaluate(() => Math.max(0, ...longTasks));
  if (recorder === 'reenact') await page.evaluate(() => reenact.flush());
  await page.evaluate(() => {
    window.kept = undefined;
    gc();
  });
  const heap_bytes = (await read()).heap_bytes - before.heap_bytes;
  const result = { cpu_ms, longest_ms, heap_bytes, wire_bytes, uploads };
  await context.close();
  return result;
}

const middle = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const results = {};
for (const test of CASES) {
  const runs = Object.fromEntries(RECORDERS.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const recorder of RECORDERS) runs[recorder].push(await measure(test, recorder));
  }
  const medians = {};
  for (const recorder of RECORDERS) {
    medians[recorder] = {};
    for (const key of Object.keys(runs.none[0])) medians[recorder][key] = Math.round(middle(runs[recorder].map((run) => run[key])));
  }
  results[test.name] = medians;
  const cost = (recorder) => medians[recorder].cpu_ms - medians.none.cpu_ms;
  const kb = (recorder) => Math.round((medians[recorder].heap_bytes - medians.none.heap_bytes) / 1024);
  console.log(
    `${test.name.padEnd(10)} page ${medians.none.cpu_ms} ms` +
      ` | cost: reenact ${cost('reenact')} ms, rrweb ${cost('rrweb')} ms (${Math.round((100 * cost('reenact')) / cost('rrweb'))} %)` +
      ` | longest task: ${medians.none.longest_ms} / ${medians.reenact.longest_ms} / ${medians.rrweb.longest_ms} ms` +
      ` | heap: ${kb('reenact')} / ${kb('rrweb')} KB | wire ${medians.reenact.wire_bytes} B in ${medians.reenact.uploads}`,
  );
}
if (argument('json')) await writeFile(argument('json'), JSON.stringify(results, null, 2));
await browser.close();
server.close();
