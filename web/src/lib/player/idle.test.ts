import { expect, test } from 'vitest';
import { idleSpans, lastStartedIndex, skipTarget, spanAt } from './idle';

const active = [
  { from_ms: 1_000, to_ms: 4_000 },
  { from_ms: 20_000, to_ms: 22_000 },
  { from_ms: 25_000, to_ms: 30_000 },
];

test('idle stretches are the gaps longer than the threshold, with start and end', () => {
  expect(idleSpans(active, 0, 60_000)).toEqual([
    { from_ms: 4_000, to_ms: 20_000 },
    { from_ms: 30_000, to_ms: 60_000 },
  ]);
  expect(idleSpans([], 0, 4_000)).toEqual([]);
  expect(idleSpans([], 0, 9_000)).toEqual([{ from_ms: 0, to_ms: 9_000 }]);
});

test('overlapping and unsorted activity is handled', () => {
  const messy = [
    { from_ms: 12_000, to_ms: 13_000 },
    { from_ms: 0, to_ms: 20_000 },
  ];
  expect(idleSpans(messy, 0, 30_000)).toEqual([{ from_ms: 20_000, to_ms: 30_000 }]);
});

test('skipping lands shortly before the next activity', () => {
  const idle = idleSpans(active, 0, 60_000);
  expect(skipTarget(idle, 5_000, 60_000, false)).toBe(19_500);
  expect(skipTarget(idle, 2_000, 60_000, false)).toBeNull();
  expect(skipTarget(idle, 23_000, 60_000, false)).toBeNull();
});

test('after a skip the same stretch is not skipped again', () => {
  const idle = idleSpans(active, 0, 60_000);
  const target = skipTarget(idle, 5_000, 60_000, false) ?? 0;
  expect(skipTarget(idle, target, 60_000, false)).toBeNull();
});

test('idle at the end goes to the end, but not while the replay is live', () => {
  const idle = idleSpans(active, 0, 60_000);
  expect(skipTarget(idle, 31_000, 60_000, false)).toBe(60_000);
  expect(skipTarget(idle, 31_000, 60_000, true)).toBeNull();
});

test('search by time', () => {
  expect(spanAt(active, 3_999)).toBe(active[0]);
  expect(spanAt(active, 4_000)).toBeNull();
  expect(lastStartedIndex(active, 999, (span) => span.from_ms)).toBe(-1);
  expect(lastStartedIndex(active, 1_000, (span) => span.from_ms)).toBe(0);
  expect(lastStartedIndex(active, 99_000, (span) => span.from_ms)).toBe(2);
});
