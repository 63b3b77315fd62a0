import { expect, test } from 'vitest';
import type { Chunk } from '$lib/api/types';
import { stateRange } from './state-range';

const chunk = (size_bytes: number): Chunk => ({ from_ms: 0, to_ms: 60_001, size_bytes, event_count: 1 });

test('a small recording is asked for as a whole, wherever one starts', () => {
  expect(stateRange([chunk(400_000)], 0, 60_001, 30_000, null)).toEqual({ from_ms: 0, to_ms: 60_001, tab: null });
});

test('of a long one, and of one of several tabs, the state is enough', () => {
  expect(stateRange([chunk(4_000_000)], 0, 60_001, 30_000, null)).toEqual({ from_ms: 30_000, to_ms: 30_000, tab: null });
  expect(stateRange([chunk(400_000)], 0, 60_001, 30_000, 2)).toEqual({ from_ms: 30_000, to_ms: 30_000, tab: 2 });
});
