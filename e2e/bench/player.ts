// How fast the player opens, seeks and plays, beside stock rrweb-player with the same events in the same run.
//
//   REENACT_BIN=target/release/reenact npx playwright test --config bench/player.config.ts
//
// BENCH_HOURS: length of the joined session (8). BENCH_HEAP_MINUTES: recording time played at 16 times (60).
// BENCH_SESSIONS: names to measure, by comma (all). BENCH_OPEN_ONLY: nothing but opening. The table is printed, the numbers are written to BENCH_OUT.
import { test, type Browser } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Server } from '../support/server';
import { droppedFrames, ourPlayer, stockPlayer, type BenchedPlayer } from './players';
import { uploadSessions } from './recordings';

const hours = Number(process.env.BENCH_HOURS ?? 8);
const heap_minutes = Number(process.env.BENCH_HEAP_MINUTES ?? 60);
const open_only = Boolean(process.env.BENCH_OPEN_ONLY);
const only = process.env.BENCH_SESSIONS?.split(',');
const output = process.env.BENCH_OUT ?? 'test-results/bench-player.json';
const cold_opens = 3;
const watch_ms = 5_000;
/** A run of the heaviest session must end; what is not done by then is told. */
const measure_limit_ms = 90_000;

interface Result {
  session: string;
  player: string;
  open_ms: number | null;
  /** Opened at 90 %, from nothing. */
  open_at_90_percent_ms: number | null;
  to_90_percent_ms: number | null;
  forward_ms: Spread | null;
  backward_ms: Spread | null;
  dropped_percent: Record<string, number>;
  heap_mb: { before: number; after: number } | null;
  failed: string | null;
}

interface Spread {
  p50: number;
  p95: number;
}

function spread(times_ms: number[]): Spread {
  const sorted = times_ms.toSorted((a, b) => a - b);
  const at = (part: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0);
  return { p50: at(0.5), p95: at(0.95) };
}

/** The same places for everybody: near steps forward, and far ones back. */
const forward = Array.from({ length: 20 }, (_, index) => 0.02 + index * 0.048);
const backward = [0.9, 0.35, 0.7, 0.15, 0.95, 0.05, 0.8, 0.4, 0.6, 0.1, 0.97, 0.02, 0.5, 0.2, 0.85, 0.3, 0.75, 0.01, 0.65, 0.45];

async function measure(make: () => Promise<BenchedPlayer>, session: string): Promise<Result> {
  const opens: number[] = [];
  let player = await make();
  const result: Result = { session, player: player.name, open_ms: null, open_at_90_percent_ms: null, to_90_percent_ms: null, forward_ms: null, backward_ms: null, dropped_percent: {}, heap_mb: null, failed: null };
  const give_up_ms = Date.now() + measure_limit_ms;
  const late = () => Date.now() > give_up_ms;
  try {
    const late_opens: number[] = [];
    for (let round = 0; round < cold_opens && !late(); round += 1) {
      // At its start last: there the rest goes on.
      for (const [times, part] of [[late_opens, 0.9], [opens, 0]] as const) {
        if (round > 0 || part === 0) {
          await player.close();
          player = await make();
        }
        times.push(await player.open(part));
      }
    }
    result.open_ms = spread(opens).p50;
    result.open_at_90_percent_ms = spread(late_opens).p50;
    if (open_only) return result;
    result.to_90_percent_ms = Math.round(await player.seek(0.9));
    const times = { forward: [] as number[], backward: [] as number[] };
    await player.seek(0);
    for (const part of forward) if (!late()) times.forward.push(await player.seek(part));
    for (const [index, part] of backward.entries()) {
      if (late()) break;
      const time_ms = await player.seek(part);
      if (index % 2 === 1) times.backward.push(time_ms);
    }
    if (times.forward.length > 0) result.forward_ms = spread(times.forward);
    if (times.backward.length > 0) result.backward_ms = spread(times.backward);
    for (const speed of [1, 8]) {
      if (late()) throw new Error(`not done after ${measure_limit_ms / 1000} s`);
      await player.seek(0.02);
      await player.play(speed);
      const { frames, dropped } = await droppedFrames(player.page, watch_ms);
      await player.pause();
      result.dropped_percent[`${speed}x`] = Math.round((100 * dropped) / Math.max(1, frames + dropped));
    }
  } catch (error) {
    result.failed = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  } finally {
    await player.close().catch(() => {});
  }
  return result;
}

const megabytes = async (player: BenchedPlayer) => Math.round((await player.heapBytes()) / 100_000) / 10;

/** All players side by side: an hour takes minutes even at 16 times. */
async function heapOver(players: { result: Result; player: BenchedPlayer }[]): Promise<void> {
  for (const { result, player } of players) {
    await player.open();
    await player.seek(0);
    result.heap_mb = { before: await megabytes(player), after: NaN };
    await player.play(16);
  }
  await players[0]?.player.page.waitForTimeout((heap_minutes * 60_000) / 16);
  for (const { result, player } of players) {
    await player.pause();
    if (result.heap_mb) result.heap_mb.after = await megabytes(player);
    await player.close().catch(() => {});
  }
}

function print(results: Result[]): void {
  const cell = (value: unknown) => (value === null || value === undefined ? '–' : String(value));
  const pair = (value: Spread | null) => (value ? `${value.p50} / ${value.p95}` : '–');
  const rows = results.map((result) => [
    result.session,
    result.player,
    cell(result.open_ms),
    cell(result.open_at_90_percent_ms),
    cell(result.to_90_percent_ms),
    pair(result.forward_ms),
    pair(result.backward_ms),
    `${cell(result.dropped_percent['1x'])} / ${cell(result.dropped_percent['8x'])}`,
    result.heap_mb ? `${result.heap_mb.before} → ${result.heap_mb.after}` : '–',
    result.failed ?? '',
  ]);
  const head = ['session', 'player', 'open ms', 'at 90 % ms', 'to 90 % ms', 'forward p50/p95', 'backward p50/p95', 'dropped % 1x/8x', 'heap MB', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]) => cells.map((text, column) => text.padEnd(widths[column]!)).join('  ').trimEnd();
  process.stdout.write(`\n${[line(head), ...rows.map(line)].join('\n')}\n`);
}

test('player', async ({ browser }: { browser: Browser }) => {
  const server = await Server.start({ env: { REENACT__SEAL__IDLE_SECONDS: '2' } });
  const results: Result[] = [];
  try {
    for (const { name, replay, json_bytes } of await uploadSessions(server, hours, only)) {
      const session = `${name} (${(json_bytes / 1e6).toFixed(1)} MB)`;
      const compared: { result: Result; make: () => Promise<BenchedPlayer> }[] = [];
      for (const player of [ourPlayer, stockPlayer]) {
        const make = () => player(browser, server, replay);
        const result = await measure(make, session);
        process.stdout.write(`${JSON.stringify(result)}\n`);
        results.push(result);
        compared.push({ result, make });
      }
      if (!name.startsWith('joined') || heap_minutes === 0 || open_only) continue;
      const able = compared.filter(({ result }) => result.open_ms !== null);
      await heapOver(await Promise.all(able.map(async ({ result, make }) => ({ result, player: await make() }))));
    }
  } finally {
    await server.stop();
    print(results);
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, JSON.stringify({ hours, heap_minutes, results }, null, 2));
  }
});
