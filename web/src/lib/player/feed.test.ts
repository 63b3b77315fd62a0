import { expect, test } from 'vitest';
import { ApiError } from '$lib/api/client';
import type { Chunk } from '$lib/api/types';
import { bytesBetween } from './chunks';
import { changedInside, Feed, nextPiece, type FeedSource } from './feed';

const chunk = (from_ms: number, to_ms: number, size_bytes = 1_000, event_count = 10): Chunk => ({
  from_ms,
  to_ms,
  size_bytes,
  event_count,
});
const settle = () => new Promise((resolve) => setTimeout(resolve));

function harness() {
  const calls: string[] = [];
  const answers: { name: string; resolve: () => void; reject: (error: unknown) => void }[] = [];
  let now = 0;
  const open = (name: string, signal: AbortSignal) =>
    new Promise<ArrayBuffer>((resolve, reject) => {
      calls.push(`ask ${name}`);
      answers.push({ name, resolve: () => resolve(new ArrayBuffer(0)), reject });
      signal.addEventListener('abort', () => {
        calls.push(`abort ${name}`);
        reject(new DOMException('', 'AbortError'));
      });
    });
  const source: FeedSource = {
    state: ({ from_ms, tab }, signal) => open(`state ${from_ms}${tab === null ? '' : ` tab ${tab}`}`, signal),
    events: (from, to, _tab, signal) => open(`events ${from}-${to}`, signal),
    load: (request) => calls.push(`load ${request.at_ms}`),
    append: (seek, after) => calls.push(`append ${seek} after ${after}`),
    changed: () => {},
    wait: async (ms) => void calls.push(`wait ${ms}`),
    now: () => now,
  };
  const feed = new Feed(source);
  const take = () => calls.splice(0);
  const answer = async (error?: unknown) => {
    const next = answers.shift();
    if (error) next?.reject(error);
    else next?.resolve();
    await settle();
  };
  return { feed, take, answer, pass: (ms: number) => (now += ms) };
}

const request = (seek: number, at_ms: number) => ({ seek, at_ms, from_ms: at_ms, to_ms: at_ms + 100, tab: null });

test('a seek asks for one state and hands it on, then pieces follow', async () => {
  const { feed, take, answer } = harness();
  feed.seek(request(1, 500));
  await answer();
  expect(take()).toEqual(['ask state 500', 'load 500']);
  feed.pump(500, 1, [chunk(0, 5_000)], 5_000);
  feed.pump(500, 1, [chunk(0, 5_000)], 5_000);
  expect(take()).toEqual(['ask events 600-5000']);
  await answer();
  expect(take()).toEqual(['append 1 after 599']);
  feed.pump(500, 1, [chunk(0, 5_000)], 5_000);
  expect(take()).toEqual([]);
});

test('what happens at the moment of a state alone is not played again', async () => {
  const { feed, take, answer } = harness();
  feed.seek({ seek: 1, at_ms: 500, from_ms: 500, to_ms: 500, tab: null });
  await answer();
  feed.pump(500, null, [chunk(0, 1_000)], 1_000);
  await answer();
  expect(take()).toEqual(['ask state 500', 'load 500', 'ask events 500-1000', 'append 1 after 500']);
});

test('while scrubbing, the newest moment wins and those between are never asked for', async () => {
  const { feed, take, answer } = harness();
  feed.seek(request(1, 100));
  feed.seek(request(2, 200));
  feed.seek(request(3, 300));
  await answer();
  expect(take()).toEqual(['ask state 100', 'load 100', 'ask state 300']);
  await answer();
  expect(take()).toEqual(['load 300']);
  expect(feed.loaded).toMatchObject({ seek: 3, from_ms: 300, until_ms: 400 });
});

test('a slow state is given up for a newer one', async () => {
  const { feed, take, answer, pass } = harness();
  feed.seek(request(1, 100));
  pass(1_000);
  feed.seek(request(2, 200));
  await settle();
  expect(take()).toEqual(['ask state 100', 'abort state 100', 'ask state 200']);
  await answer();
  await answer();
  expect(take()).toEqual(['load 200']);
});

test('a piece that is under way does not reach the next seek', async () => {
  const { feed, take, answer } = harness();
  feed.seek(request(1, 100));
  await answer();
  feed.pump(100, 1, [chunk(0, 5_000)], 5_000);
  feed.seek(request(2, 3_000));
  await answer();
  await answer();
  expect(take().filter((call) => call.startsWith('append'))).toEqual([]);
});

test('failures are tried again, then named; a refusal is final at once', async () => {
  const { feed, take, answer } = harness();
  feed.seek(request(1, 100));
  for (let attempt = 0; attempt < 3; attempt += 1) await answer(new ApiError('internal', 'broken', 500));
  expect(take().filter((call) => call.startsWith('wait'))).toEqual(['wait 400', 'wait 1500']);
  expect(feed.failed).toEqual({ from_ms: 100, to_ms: 200 });
  expect(feed.last_error?.code).toBe('internal');
  feed.seek(request(2, 100));
  await answer(new ApiError('not_found', 'gone', 404));
  expect(take()).toEqual(['ask state 100']);
  expect(feed.failed).not.toBeNull();
});

test.each([
  ['the rest of the chunk', [chunk(0, 10_000)], 4_000, 4_000, 1, { from_ms: 4_000, to_ms: 10_000 }],
  ['over a hole into the next chunk', [chunk(0, 1_000), chunk(9_000, 12_000)], 1_000, 900, 1, { from_ms: 1_000, to_ms: 12_000 }],
  ['little of a heavy chunk', [chunk(0, 60_000, 15_000_000)], 0, 0, 1, { from_ms: 0, to_ms: 6_000 }],
  ['a little ahead while nothing plays', [chunk(0, 200_000)], 20_000, 10_000, null, { from_ms: 20_000, to_ms: 100_000 }],
  ['no more than that', [chunk(0, 200_000)], 26_000, 10_000, null, null],
  ['not much while nothing plays', [chunk(0, 60_000, 12_000_000)], 16_000, 10_000, null, null],
  ['enough ahead', [chunk(0, 200_000)], 60_000, 10_000, 1, null],
  ['more ahead at 16 times', [chunk(0, 200_000)], 60_000, 10_000, 16, { from_ms: 60_000, to_ms: 100_000 }],
  ['too many bytes ahead', [chunk(0, 60_000, 60_000_000)], 20_000, 0, 1, null],
  ['the end', [chunk(0, 100_000)], 100_000, 99_000, 1, null],
  ['a hole up to the end', [chunk(0, 1_000)], 1_000, 900, 1, { from_ms: 1_000, to_ms: 100_000 }],
])('next piece: %s', (_name, chunks, until_ms, at_ms, speed, expected) => {
  expect(nextPiece(chunks, until_ms, at_ms, speed, 100_000)).toEqual(expected);
});

test('bytes between two moments follow the chunks', () => {
  expect(bytesBetween([chunk(0, 100, 1_000), chunk(100, 200, 4_000)], 50, 150)).toBe(2_500);
});

test('late data inside what is loaded is noticed, growth at the end is not', () => {
  const span = { from_ms: 0, to_ms: 200 };
  const before = [chunk(0, 100), chunk(100, 200)];
  expect(changedInside(before, [chunk(0, 100), chunk(100, 200)], span)).toBe(false);
  expect(changedInside(before, [chunk(0, 100, 1, 12), chunk(100, 200)], span)).toBe(true);
  expect(changedInside(before, [chunk(0, 100), chunk(100, 400, 1, 30)], span)).toBe(false);
  expect(changedInside(before, [chunk(0, 100, 1, 12), chunk(100, 200)], { from_ms: 150, to_ms: 200 })).toBe(false);
});
