// How fast the player opens, seeks and plays, beside stock rrweb-player with the same events in the same run.
//
//   REENACT_BIN=target/release/reenact npx playwright test --config bench/player.config.ts
//
// BENCH_HOURS: length of the joined session (8). BENCH_HEAP_MINUTES: recording time played at 16 times (60).
// BENCH_SESSIONS: names to measure, by comma (all). The table is printed, the numbers are written to BENCH_OUT.
import { test, type Browser } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Server, type Replay } from '../support/server';
import { droppedFrames, ourPlayer, stockPlayer, type BenchedPlayer } from './players';
import { uploadSessions } from './recordings';

const hours = Number(process.env.BENCH_HOURS ?? 8);
const heap_minutes = Number(process.env.BENCH_HEAP_MINUTES ?? 60);
const only = process.env.BENCH_SESSIONS?.split(',');
const output = process.env.BENCH_OUT ?? 'test-results/bench-player.json';
const cold_opens = 3;
const watch_ms = 8_000;

interface Result {
  session: string;
  player: string;
  open_ms: number | null;
  forward_ms: Spread | null;
  backward_ms: Spread | null;
  to_90_percent_ms: number | null;
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
const backward = [0.9, 0.35, 0.7, 0.15, 0.95, 0.05, 0.8, 0.4, 0.6, 0.1, 0.97, 0.02].map((part, index, all) => (index % 2 === 0 ? part : Math.min(part, all[index - 1]!)));

async function measure(make: () => Promise<BenchedPlayer>, session: string, with_heap: boolean): Promise<Result> {
  const opens: number[] = [];
  let player = await make();
  const result: Result = { session, player: player.name, open_ms: null, forward_ms: null, backward_ms: null, to_90_percent_ms: null, dropped_percent: {}, heap_mb: null, failed: null };
  try {
    for (let round = 0; round < cold_opens; round += 1) {
      if (round > 0) {
        await player.close();
        player = await make();
      }
      opens.push(await player.open());
    }
    result.open_ms = spread(opens).p50;
    result.to_90_percent_ms = Math.round(await player.seek(0.9));
    const times = { forward: [] as number[], backward: [] as number[] };
    await player.seek(0);
    for (const part of forward) times.forward.push(await player.seek(part));
    for (const [index, part] of backward.entries()) {
      const time_ms = await player.seek(part);
      if (index % 2 === 1) times.backward.push(time_ms);
    }
    result.forward_ms = spread(times.forward);
    result.backward_ms = spread(times.backward);
    for (const speed of [1, 8]) {
      await player.seek(0.02);
      await player.play(speed);
      const { frames, dropped } = await droppedFrames(player.page, watch_ms);
      await player.pause();
      result.dropped_percent[`${speed}x`] = Math.round((100 * dropped) / Math.max(1, frames + dropped));
    }
    if (with_heap) result.heap_mb = await heapOver(player);
  } catch (error) {
    result.failed = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  } finally {
    await player.close().catch(() => {});
  }
  return result;
}

async function heapOver(player: BenchedPlayer): Promise<{ before: number; after: number }> {
  const megabytes = async () => Math.round((await player.heapBytes()) / 100_000) / 10;
  await player.seek(0);
  const before = await megabytes();
  await player.play(16);
  await player.page.waitForTimeout((heap_minutes * 60_000) / 16);
  await player.pause();
  return { before, after: await megabytes() };
}

function print(results: Result[]): void {
  const cell = (value: unknown) => (value === null || value === undefined ? '–' : String(value));
  const rows = results.map((result) => [
    result.session,
    result.player,
    cell(result.open_ms),
    result.forward_ms ? `${result.forward_ms.p50} / ${result.forward_ms.p95}` : '–',
    result.backward_ms ? `${result.backward_ms.p50} / ${result.backward_ms.p95}` : '–',
    cell(result.to_90_percent_ms),
    `${cell(result.dropped_percent['1x'])} / ${cell(result.dropped_percent['8x'])}`,
    result.heap_mb ? `${result.heap_mb.before} → ${result.heap_mb.after}` : '–',
    result.failed ?? '',
  ]);
  const head = ['session', 'player', 'open ms', 'forward p50/p95', 'backward p50/p95', 'to 90 % ms', 'dropped % 1x/8x', 'heap MB', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: string[]) => cells.map((text, column) => text.padEnd(widths[column]!)).join('  ').trimEnd();
  process.stdout.write([line(head), ...rows.map(line)].join('\n') + '\n');
}

test('player', async ({ browser }: { browser: Browser }) => {
  const server = await Server.start();
  const results: Result[] = [];
  try {
    const sessions = await uploadSessions(server, hours, only);
    for (const { name, replay } of sessions) {
      await sealed(server, replay);
      const with_heap = name.startsWith('joined');
      for (const make of [ourPlayer, stockPlayer]) {
        const result = await measure(() => make(browser, server, replay), name, with_heap);
        process.stdout.write(`${JSON.stringify(result)}\n`);
        results.push(result);
      }
    }
  } finally {
    await server.stop();
    print(results);
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, JSON.stringify({ hours, heap_minutes, results }, null, 2));
  }
});

/** A recording that still counts as live is read differently; what is measured is the usual case. */
async function sealed(server: Server, replay: Replay): Promise<void> {
  const limit_ms = Date.now() + 180_000;
  while (Date.now() < limit_ms) {
    const { status } = await server.get<Replay>(`/api/v1/replays/${replay.id}`);
    if (status !== 'live') return;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
