import { expect, test } from 'vitest';
import type { VideoPart } from '$lib/api/types';
import { gesturesOf, nextPart, videoAt } from './video-parts';

const part = (id: string, at_ms: number, duration_ms: number): VideoPart => ({ id, at_ms, duration_ms, width_px: 100, height_px: 200, size_bytes: 1 });
const parts = [part('0', 1_000, 5_000), part('1', 6_200, 5_000), part('2', 30_000, 2_000)];

test('each moment has its film', () => {
  expect(videoAt(parts, 999)).toBeNull();
  expect(videoAt(parts, 1_000)).toMatchObject({ part: { id: '0' }, second: 0, missing_ms: 0 });
  expect(videoAt(parts, 3_500)).toMatchObject({ part: { id: '0' }, second: 2.5 });
  // The hole of 200 ms is joined: the last picture stays.
  expect(videoAt(parts, 6_100)).toMatchObject({ part: { id: '0' }, second: 4.999, missing_ms: 0 });
  expect(videoAt(parts, 6_200)).toMatchObject({ part: { id: '1' }, second: 0 });
  // One of 19 seconds is not.
  expect(videoAt(parts, 21_200)).toMatchObject({ part: { id: '1' }, missing_ms: 10_000 });
  expect(nextPart(parts, parts[1]!)?.id).toBe('2');
  expect(nextPart(parts, parts[2]!)).toBeNull();
});

test('a film that says it has no length is shown', () => {
  expect(videoAt([part('0', 0, 0)], 0)).toMatchObject({ second: 0, missing_ms: 0 });
});

test('gestures are in order, and nothing but numbers is taken', () => {
  const events = [
    { type: 3, timestamp: 10, data: { source: 2, type: 7, x: 1, y: 2 } },
    { type: 3, timestamp: 40, data: { source: 6, positions: [{ x: 3, y: 4, timeOffset: -20 }, { x: 5, y: 6, timeOffset: 0 }, { x: 'a', y: 1 }, null] } },
    { type: 3, timestamp: 30, data: { source: 2, type: 9, x: 5, y: 6 } },
    { type: 3, timestamp: 31, data: { source: 2, type: 2, x: 5, y: 6 } },
    { type: 3, timestamp: 32, data: null },
    null,
  ];
  expect(gesturesOf(events).map(({ at_ms, kind }) => [at_ms, kind])).toEqual([[10, 'start'], [20, 'move'], [30, 'end'], [40, 'move']]);
  expect(gesturesOf({ events })).toEqual([]);
});
