import { expect, test } from 'vitest';
import { drawableTime, keyframesOf, metaTimes } from './keyframes';

const events = [
  { type: 0, timestamp: 90 },
  { type: 1, timestamp: 95 },
  { type: 4, timestamp: 100 },
  { type: 2, timestamp: 140 },
  { type: 3, timestamp: 300 },
  { type: 4, timestamp: 1_000 },
  { type: 2, timestamp: 1_025 },
  { type: 4, timestamp: 2_000 },
];

test('a page start is a Meta with the snapshot after it', () => {
  expect(keyframesOf(events)).toEqual([
    { meta_ms: 100, snapshot_ms: 140 },
    { meta_ms: 1_000, snapshot_ms: 1_025 },
  ]);
  expect(metaTimes(events)).toEqual([100, 1_000, 2_000]);
});

test.each([
  [0, 141],
  [90, 141],
  [120, 141],
  [140, 141],
  [300, 301],
  [999, 1_000],
  [1_000, 1_026],
  [1_010, 1_026],
  [1_500, 1_501],
])('%i is drawn as %i', (at_ms, expected) => {
  expect(drawableTime(keyframesOf(events), at_ms)).toBe(expected);
});

test('without a snapshot nothing can be drawn', () => {
  expect(drawableTime(keyframesOf([{ type: 3, timestamp: 5 }]), 5)).toBeNull();
});
