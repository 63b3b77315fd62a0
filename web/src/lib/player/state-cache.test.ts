import { expect, test } from 'vitest';
import { StateCache } from './state-cache';

function counting(size_bytes = 10) {
  const asked: number[] = [];
  const fetch = async ({ from_ms }: { from_ms: number }) => {
    asked.push(from_ms);
    if (from_ms < 0) throw new Error('broken');
    return new ArrayBuffer(size_bytes);
  };
  return { asked, fetch };
}
const range = (from_ms: number, to_ms: number, tab: number | null) => ({ from_ms, to_ms, tab });
const signal = new AbortController().signal;

test('what was preloaded is not asked for again, and each reader has its own copy', async () => {
  const { asked, fetch } = counting();
  const cache = new StateCache(fetch);
  cache.preload(range(5, 9, null));
  const first = await cache.get(range(5, 9, null), signal);
  const second = await cache.get(range(5, 9, null), signal);
  expect(asked).toEqual([5]);
  expect(first).not.toBe(second);
  await cache.get(range(5, 9, 1), signal);
  expect(asked).toEqual([5, 5]);
});

test('it stays small in number and in bytes', async () => {
  const { fetch } = counting(40);
  const cache = new StateCache(fetch, 3, 100);
  for (let at_ms = 0; at_ms < 10; at_ms += 1) cache.preload(range(at_ms, at_ms, null));
  expect(cache.size).toBe(3);
  await cache.get(range(9, 9, null), signal);
  expect(cache.size).toBe(2);
});

test('a preload that failed is asked for in earnest', async () => {
  const { asked, fetch } = counting();
  const cache = new StateCache(fetch);
  cache.preload(range(-1, 0, null));
  await expect(cache.get(range(-1, 0, null), signal)).rejects.toThrow('broken');
  expect(asked).toEqual([-1, -1]);
});
