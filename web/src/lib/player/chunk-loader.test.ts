import { expect, test, vi } from 'vitest';
import { ApiError } from '$lib/api/client';
import { Buffer } from './buffer';
import { ChunkLoader, type ChunkSource } from './chunk-loader';

function setUp(fetch: ChunkSource['fetch'], chunk_count = 5) {
  const buffer = new Buffer();
  buffer.update(
    Array.from({ length: chunk_count }, (_, index) => ({
      from_ms: index * 1000,
      to_ms: (index + 1) * 1000,
      event_count: 1,
      size_bytes: 10,
    })),
  );
  const waits: number[] = [];
  const loader: ChunkLoader = new ChunkLoader(buffer, {
    fetch,
    deliver: (from_ms) => loader.accepted(from_ms, from_ms === 0 ? [0] : []),
    changed: () => loader.pump(0, 1, [0]),
    wait: async (ms) => void waits.push(ms),
  });
  return { buffer, loader, waits };
}

const states = (buffer: Buffer) => buffer.slots.map((slot) => slot.state);

test('loads everything wanted, three at a time', async () => {
  let open = 0;
  let most = 0;
  const { buffer, loader } = setUp(async () => {
    open += 1;
    most = Math.max(most, open);
    await Promise.resolve();
    open -= 1;
    return new ArrayBuffer(1);
  });
  loader.pump(0, 1, [0]);
  await vi.waitFor(() => expect(states(buffer)).toEqual(Array(5).fill('loaded')));
  expect(most).toBe(3);
});

test('a chunk that fails for good does not stop the others', async () => {
  const asked: number[] = [];
  const { buffer, loader, waits } = setUp(async (from_ms) => {
    asked.push(from_ms);
    if (from_ms === 2000) throw new ApiError('unavailable', 'down', 503);
    return new ArrayBuffer(1);
  });
  loader.pump(0, 1, [0]);
  await vi.waitFor(() =>
    expect(states(buffer)).toEqual(['loaded', 'loaded', 'failed', 'loaded', 'loaded']),
  );
  expect(asked.filter((from_ms) => from_ms === 2000)).toHaveLength(3);
  expect(waits).toEqual([400, 1_500]);
  expect(loader.last_error?.code).toBe('unavailable');
});

test('a refusal is not repeated, and retry loads what failed', async () => {
  let broken = true;
  const asked: number[] = [];
  const { buffer, loader } = setUp(async (from_ms) => {
    asked.push(from_ms);
    if (broken && from_ms === 0) throw new ApiError('not_found', 'gone', 404);
    return new ArrayBuffer(1);
  });
  loader.pump(0, 1, [0]);
  await vi.waitFor(() => expect(buffer.slots[0]?.state).toBe('failed'));
  expect(asked.filter((from_ms) => from_ms === 0)).toHaveLength(1);
  broken = false;
  loader.retryFailed();
  await vi.waitFor(() => expect(states(buffer)).toEqual(Array(5).fill('loaded')));
});

test('bytes of a replaced slot are dropped', async () => {
  let answer: (bytes: ArrayBuffer) => void = () => {};
  const delivered: number[] = [];
  const buffer = new Buffer();
  buffer.update([{ from_ms: 0, to_ms: 10, event_count: 1, size_bytes: 1 }]);
  const loader = new ChunkLoader(buffer, {
    fetch: () => new Promise((resolve) => (answer = resolve)),
    deliver: (from_ms) => void delivered.push(from_ms),
    changed: () => {},
    wait: async () => {},
  });
  loader.pump(0, 1, []);
  buffer.update([{ from_ms: 0, to_ms: 10, event_count: 3, size_bytes: 1 }]);
  answer(new ArrayBuffer(1));
  await Promise.resolve();
  await Promise.resolve();
  expect(delivered).toEqual([]);
  expect(buffer.slots[0]?.state).toBe('missing');
});
