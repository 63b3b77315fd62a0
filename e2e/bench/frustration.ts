// The labelled set of signs of frustration, recorded anew: how often the server is right, and the other SDKs' own signals beside it.
//
//   REENACT_BIN=target/release/reenact npx playwright test --config bench/frustration.config.ts
//
// FRUSTRATION_CASES: names of cases, by comma (all). FRUSTRATION_RECORD: also writes the recordings to fixtures/frustration (needs zstd).
import { expect, test, type Browser } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cases, signals, type Case, type Signal } from '../frustration/cases';
import { addOtherSdks, known, otherSdks, versions, type OtherSdk, type Said } from '../frustration/other-sdks';
import { Visitor } from '../frustration/visitor';
import { sdkFolder } from '../support/sdks';
import { factsOf } from '../support/panels';
import { Server } from '../support/server';

const only = process.env.FRUSTRATION_CASES?.split(',');
const is_recorded = Boolean(process.env.FRUSTRATION_RECORD);
const fixtures = join(import.meta.dirname, '..', '..', 'fixtures', 'frustration');
/** Visits at once: they mostly wait. */
const visitors = 4;
const start_limit_ms = 30_000;
/** A visit that the machine was too busy for is made again, with nobody beside it. */
const most_tries = 3;
/** Without a key or a click for so long everything is sealed and judged. */
const seal_idle_seconds = 2;

interface Visit {
  labelled: Case;
  deviceId: string;
  said: Said;
}

async function visit(browser: Browser, server: Server, labelled: Case): Promise<Visit> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1100 } });
  try {
    const said = await addOtherSdks(context, server.origin, labelled.name);
    const page = await context.newPage();
    // Else the browser would say of every window that it has the focus.
    const session = await context.newCDPSession(page);
    await session.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    page.on('filechooser', () => undefined);
    await page.goto(`${server.origin}/demo/${labelled.path ?? 'playground.html'}`);
    await page.waitForFunction(() => Boolean((window as any).reenact?.getReplayId()), undefined, { timeout: start_limit_ms });
    const deviceId = await page.evaluate(() => ((window as any).reenact.getReplayId() as string).split('/')[0]!);
    await page.waitForTimeout(700);
    const visitor = new Visitor(page);
    await labelled.run(visitor);
    if (visitor.isLate) throw new Error('the machine was too busy to click so fast');
    await page.waitForTimeout(labelled.linger_ms!);
    // Something happens, so that the end of the visit is known.
    await page.mouse.move(5, 300);
    await page.mouse.move(8, 320);
    await page.waitForTimeout(300);
    await page.evaluate(() => (window as any).reenact.flush());
    return { labelled, deviceId, said };
  } finally {
    await context.close();
  }
}

async function found(server: Server, { deviceId }: Visit): Promise<Set<Signal>> {
  const found = new Set<Signal>();
  for (const replay of await server.replaysOf(deviceId)) {
    for (const fact of await factsOf(server, replay)) {
      if (fact.kind === 'frustration') found.add(fact.signal);
      if (fact.kind !== 'click') continue;
      if (fact.rage > 0) found.add('rage_click');
      if (fact.dead) found.add('dead_click');
      if (fact.slow) found.add('slow_click');
      if (typeof fact.error_after_ms === 'number') found.add('error_click');
    }
  }
  return found;
}

async function keep(server: Server, { labelled, deviceId }: Visit): Promise<void> {
  for (const replay of await server.replaysOf(deviceId)) {
    const lines = (await server.eventsOf(replay)).map((event) => JSON.stringify(event));
    execFileSync('zstd', ['-19', '-q', '-f', '-o', join(fixtures, `${labelled.name}.jsonl.zst`)], { input: `${lines.join('\n')}\n` });
  }
}

interface Score {
  right: number;
  wrong: number;
  missed: number;
}

function score(signal: Signal, judged: { labelled: Case; found: Set<Signal> }[]): Score {
  const count = (is: (expected: boolean, found: boolean) => boolean) => judged.filter(({ labelled, found }) => is(labelled.expected.includes(signal), found.has(signal))).length;
  return { right: count((expected, found) => expected && found), wrong: count((expected, found) => !expected && found), missed: count((expected, found) => expected && !found) };
}

const percent = (part: number, whole: number) => (whole === 0 ? '   –' : `${Math.round((100 * part) / whole)}%`.padStart(4));
const shown = ({ right, wrong, missed }: Score) => `${percent(right, right + wrong)} ${percent(right, right + missed)}`;

test('the labelled set', async ({ browser }) => {
  const server = await Server.start({ env: { REENACT__POSTHOG__PACKAGE_DIR: sdkFolder('posthog-js'), REENACT__SEAL__IDLE_SECONDS: String(seal_idle_seconds) } });
  try {
    const waiting = cases.filter(({ name }) => !only || only.includes(name));
    if (is_recorded) mkdirSync(fixtures, { recursive: true });
    const visits: Visit[] = [];
    const failed: string[] = [];
    const again: Case[] = [];
    const work = async () => {
      for (let labelled = waiting.shift(); labelled; labelled = waiting.shift()) {
        try {
          visits.push(await visit(browser, server, labelled));
        } catch {
          again.push(labelled);
        }
      }
    };
    await Promise.all(Array.from({ length: visitors }, work));
    for (const labelled of again) {
      for (let tries = 2; ; tries += 1) {
        try {
          visits.push(await visit(browser, server, labelled));
          break;
        } catch (error) {
          if (tries < most_tries) continue;
          failed.push(`${labelled.name}: ${String(error)}`);
          break;
        }
      }
    }
    await new Promise((done) => setTimeout(done, seal_idle_seconds * 1_000 + 3_000));
    visits.sort((a, b) => cases.indexOf(a.labelled) - cases.indexOf(b.labelled));
    const ours: { labelled: Case; found: Set<Signal> }[] = [];
    for (const made of visits) ours.push({ labelled: made.labelled, found: await found(server, made) });
    const theirs = new Map<OtherSdk, { labelled: Case; found: Set<Signal> }[]>(otherSdks.map((sdk) => [sdk, visits.map(({ labelled, said }) => ({ labelled, found: said.get(sdk)! }))]));

    const sorted = (found: Iterable<Signal>) => signals.filter((signal) => [...found].includes(signal)).join(' ') || '–';
    for (const { labelled, found } of ours) {
      const others = otherSdks.map((sdk) => `${sdk}: ${sorted(theirs.get(sdk)!.find((it) => it.labelled === labelled)!.found)}`).join(' · ');
      const mark = sorted(found) === sorted(labelled.expected) ? '     ' : labelled.limit ? 'limit' : 'WRONG';
      console.log(`${mark} ${labelled.name.padEnd(34)} expected ${sorted(labelled.expected)}; found ${sorted(found)} | ${others}`);
    }
    console.log(`\n${ours.length} visits. Precision and recall, beside ${otherSdks.map((sdk) => versions[sdk]).join(', ')}:`);
    console.log(`${'signal'.padEnd(16)} cases  reenact   ${otherSdks.map((sdk) => sdk.padEnd(11)).join('')}`);
    for (const signal of signals) {
      const own = score(signal, ours);
      const rest = otherSdks.map((sdk) => (known[sdk].includes(signal) ? shown(score(signal, theirs.get(sdk)!)) : '   –    –').padEnd(11));
      console.log(`${signal.padEnd(16)} ${String(own.right + own.missed).padStart(5)}  ${shown(own)}  ${rest.join('')}`);
    }
    // All of one run, or none: the fixtures and the table belong together.
    if (is_recorded && failed.length === 0) for (const made of visits) await keep(server, made);
    if (is_recorded && !only && failed.length === 0) {
      const labels = cases.map(({ name, expected, limit }) => ({ name, expected, ...(limit ? { limit } : {}) }));
      writeFileSync(join(fixtures, 'labels.json'), `[\n${labels.map((label) => `  ${JSON.stringify(label)}`).join(',\n')}\n]\n`);
    }
    mkdirSync('test-results', { recursive: true });
    writeFileSync(
      process.env.BENCH_OUT ?? 'test-results/bench-frustration.json',
      JSON.stringify({ signals: Object.fromEntries(signals.map((signal) => [signal, { reenact: score(signal, ours), ...Object.fromEntries(otherSdks.filter((sdk) => known[sdk].includes(signal)).map((sdk) => [sdk, score(signal, theirs.get(sdk)!)])) }])) }, null, 1),
    );
    expect(failed, 'visits that could not be made').toEqual([]);
  } finally {
    await server.stop();
  }
});
