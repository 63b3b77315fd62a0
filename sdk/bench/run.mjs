// Measures what recording costs the page: CPU time of its main thread with each
// recorder, minus the same without one. Rounds are interleaved, so that whatever else
// the machine does hits all alike. Then what is sent, and what short visits and large
// pages lose: there the recorders run side by side, as no time is taken.
//
//   node bench/run.mjs [--rounds 5] [--peer-rounds 2] [--only styles,start5k]
//                      [--recorders reenact,rrweb] [--json file]
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
/** Of those that our aims do not name: they take most of the time, so also fewer cases. */
const PEER_ROUNDS = Number(argument('peer-rounds', Math.min(2, ROUNDS)));
const PEER_CASES = ['start5k', 'start50k', 'styles', 'routes'];
const RECORDERS = ['none', ...list('recorders', ['reenact', 'rrweb', 'amplitude', 'sentry', 'posthog'])];
const TABLE = ['create', 'update', 'swap', 'remove', 'append', 'clear'];
/** With `steps` each is measured by itself, one after the other on the same page. */
const CASES = [
  { name: 'start5k', nodes: 5_000, steps: ['start'] },
  { name: 'start50k', nodes: 50_000, steps: ['start'] },
  { name: 'table1k', nodes: 500, steps: TABLE.map((step) => step + '1000') },
  { name: 'table10k', nodes: 500, steps: TABLE.map((step) => step + '10000') },
  { name: 'siblings', nodes: 500, steps: [1_000, 2_000, 4_000, 8_000].map((count) => 'siblings' + count) },
  { name: 'styles', nodes: 500, steps: ['styles'] },
  { name: 'routes', nodes: 500, steps: ['routes'] },
  { name: 'typing', nodes: 500, steps: ['typing'] },
  { name: 'ticking', nodes: 500, steps: ['ticking'] },
];
/** A minute each, so once only and all at a time; what is counted is CPU time. */
const MINUTE = { name: 'minute', nodes: 500, steps: ['minute'] };
const VISITS = ['visit', 'large'];
/** Some recorders send only every five seconds, or with the next event after that. */
const WIRE = CASES.map(({ name }) => 'wire-' + name).filter((name) => name !== 'wire-start50k');
/** Who sends less has recorded nothing. */
const NO_RECORDING_BYTES = 1_000;
const SLOWEST_SEND_MS = 7_000;
/** Until a start has nothing left to do. */
const START_MS = 1_500;
const chosen = list('only', [...CASES.map(({ name }) => name), MINUTE.name, ...WIRE, ...VISITS]);

const files = { ...(await scripts()), '/page.js': await readFile(fileURLToPath(new URL('page.js', import.meta.url))) };
/** By recorder: several pages may send at a time. */
const uploads = Object.fromEntries(RECORDERS.map((name) => [name, []]));
const recorderOf = (path) => RECORDERS.find((name) => path.startsWith('/upload/' + name)) ?? 'reenact';
const server = createServer(async (request, response) => {
  const path = request.url.split('?')[0];
  const chunks = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // The page left.
  }
  if (isUpload(path) && request.method === 'POST') uploads[recorderOf(path)]?.push(Buffer.concat(chunks));
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
  uploads[recorder].length = 0;
  await page.goto(`${origin}/page-of-${recorder}`);
  await page.evaluate((nodes) => bench.build(nodes), nodes);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 100))));
  return { context, page };
}

/** The visitor goes; recorders that need it get a moment to send the rest. */
async function leave(page, recorder) {
  await page.goto('about:blank');
  await page.waitForTimeout(1_200);
  return uploads[recorder];
}

async function measure({ nodes, steps }, recorder) {
  const { context, page } = await open(recorder, nodes);
  const cdp = await context.newCDPSession(page);
  await cdp.send('Performance.enable');
  const read = async () => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    const of = (name) => metrics.find((metric) => metric.name === name).value;
    // Time the thread was running. `TaskDuration` is time that passed, whatever the time domain:
    // it charges a task also for the worker and for other pages that took its core meanwhile.
    return { cpu_ms: of('ThreadTime') * 1000, heap_bytes: of('JSHeapUsedSize') };
  };
  await page.evaluate(() => gc());
  const before = await read();
  await page.evaluate(() => bench.record());
  const cpuOfSteps_ms = {};
  let from_ms = before.cpu_ms;
  if (steps[0] !== 'start') {
    // What starting costs is measured by its own cases only.
    await page.waitForTimeout(START_MS);
    from_ms = (await read()).cpu_ms;
  }
  for (const step of steps) {
    await page.evaluate((step) => bench.work(step), step);
    if (step === 'start') await page.waitForTimeout(START_MS);
    const { cpu_ms } = await read();
    cpuOfSteps_ms[step] = cpu_ms - from_ms;
    from_ms = cpu_ms;
  }
  const longest_ms = await page.evaluate(() => Math.max(0, ...longTasks));
  await page.evaluate(() => {
    window.kept = [];
    gc();
  });
  const heap_bytes = (await read()).heap_bytes - before.heap_bytes;
  await context.close();
  return { ...cpuOfSteps_ms, longest_ms, heap_bytes };
}

/** How many of the page's marked states arrive. */
async function lost(work, recorder) {
  const { context, page } = await open(recorder, work === 'large' ? 2_000 : 500);
  await page.evaluate(() => bench.record());
  const marks = await page.evaluate((work) => bench.work(work), work);
  const text = (await leave(page, recorder)).map(textOf).join('\n');
  await context.close();
  return { marks: marks.length, lost: marks.filter((mark) => !text.includes(mark)).length };
}

/** What recorders send of a case when they are given the time. */
async function sent({ nodes, steps }, recorder) {
  const { context, page } = await open(recorder, nodes);
  await page.evaluate(() => bench.record());
  for (const step of steps) await page.evaluate((step) => bench.work(step), step);
  for (const x of [100, 200]) {
    await page.waitForTimeout(SLOWEST_SEND_MS);
    await page.mouse.move(x, 100);
    await page.evaluate(() => document.querySelector('#stage').append('one more'));
  }
  const bodies = await leave(page, recorder);
  await context.close();
  return { uploads: bodies.length, wire_bytes: bodies.reduce((sum, body) => sum + body.length, 0) };
}

const middle = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
const results = {};
/** A line of a table: all recorders, then what fails its aim. */
const line = (name, values, isMissed = false) =>
  console.log(`  ${name.padEnd(42)}${values.map((value) => String(value ?? '').padStart(11)).join('')}${isMissed ? '  MISSED' : ''}`);

async function measureCase(test, rounds, isParallel) {
  const runs = Object.fromEntries(RECORDERS.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const taking = RECORDERS.filter((name) => /none|reenact|rrweb/.test(name) || (round < PEER_ROUNDS && PEER_CASES.includes(test.name)));
    if (isParallel) await Promise.all(taking.map(async (name) => runs[name].push(await measure(test, name))));
    else for (const name of taking) runs[name].push(await measure(test, name));
  }
  results[test.name] = {};
  for (const recorder of RECORDERS.filter((name) => runs[name].length)) {
    const medians = (results[test.name][recorder] = {});
    for (const key of Object.keys(runs.none[0])) medians[key] = Math.round(middle(runs[recorder].map((run) => run[key])));
  }
  console.error(`${test.name} done`);
}

for (const test of CASES.filter(({ name }) => chosen.includes(name))) await measureCase(test, ROUNDS, false);
if (chosen.includes(MINUTE.name)) await measureCase(MINUTE, 1, true);

const measured = [...CASES, MINUTE].filter(({ name }) => results[name]);
if (measured.length) {
  console.log(`\nCPU, ms (none: the page itself); aim: half of rrweb, a third for styles`);
  line('', RECORDERS);
  for (const { name, steps } of measured) {
    for (const step of steps) {
      const own = results[name];
      const cpu_ms = RECORDERS.map((recorder) => own[recorder] && own[recorder][step] - (recorder === 'none' ? 0 : own.none[step]));
      const of = (recorder) => cpu_ms[RECORDERS.indexOf(recorder)];
      // A few milliseconds are noise.
      const isMissed = of('reenact') > Math.max(5, of('rrweb') / (step === 'styles' ? 3 : 2));
      line(step === 'start' ? name : step, cpu_ms, isMissed);
    }
  }
  console.log('\nlongest task, ms; aim: 50, or what the page itself takes');
  for (const { name } of measured) {
    const tasks_ms = RECORDERS.map((recorder) => results[name][recorder]?.longest_ms);
    line(name, tasks_ms, tasks_ms[RECORDERS.indexOf('reenact')] > Math.max(50, tasks_ms[0]));
  }
  console.log('\nheap kept, KB; aim: 4096 after start50k');
  for (const { name } of measured) {
    const own = results[name];
    const kept = RECORDERS.map((recorder) => own[recorder] && Math.round((own[recorder].heap_bytes - own.none.heap_bytes) / 1024));
    line(name, kept, name === 'start50k' && kept[RECORDERS.indexOf('reenact')] > 4_096);
  }
}

const SENDERS = RECORDERS.filter((name) => name !== 'none' && name !== 'rrweb');
const together = async (work) => Object.fromEntries(await Promise.all(SENDERS.map(async (name) => [name, await work(name)])));
const wires = CASES.filter(({ name }) => chosen.includes('wire-' + name));
for (const test of wires) results['wire-' + test.name] = await together((name) => sent(test, name));
if (wires.length) {
  for (const key of ['wire_bytes', 'uploads']) {
    console.log(`\n${key === 'uploads' ? 'uploads' : 'bytes sent; aim: less than every other'}`);
    line('', SENDERS);
    for (const { name } of wires) {
      const values = SENDERS.map((sender) => results['wire-' + name][sender][key]);
      line(name, values, key === 'wire_bytes' && SENDERS.includes('reenact') && Math.min(...values.filter((bytes) => bytes > NO_RECORDING_BYTES)) < results['wire-' + name].reenact[key]);
    }
  }
}
for (const visit of VISITS.filter((name) => chosen.includes(name))) {
  results[visit] = await together((name) => lost(visit, name));
  const told = Object.entries(results[visit]).map(([name, { lost, marks }]) => `${name} ${lost} of ${marks}`);
  console.log(`\nstates lost, ${visit === 'visit' ? 'a visit of two seconds' : 'a page of 12 MB'}: ${told.join(', ')}`);
}
if (argument('json')) await writeFile(argument('json'), JSON.stringify(results, null, 2));
await browser.close();
server.close();
