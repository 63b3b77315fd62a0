import { expect, test } from 'vitest';
import { activityColumns } from './timeline-canvas';

const manifest = { first_event_ms: 1_000, activity: { bin_ms: 100, counts: [0, 7, 0, 1] } };

test('the busiest bin fills its column, the others follow by logarithm', () => {
  const columns = activityColumns(manifest, { from_ms: 1_000, to_ms: 1_400 }, 8);
  expect(columns.map((part) => Number(part.toFixed(2)))).toEqual([0, 1, 0, 0.33]);
});

test('far out no burst is lost between the columns', () => {
  expect(activityColumns(manifest, { from_ms: 1_000, to_ms: 1_400 }, 4)).toEqual([1, expect.closeTo(1 / 3)]);
});

test('near in a bin spreads over its columns', () => {
  expect(activityColumns(manifest, { from_ms: 1_100, to_ms: 1_200 }, 8)).toEqual([1, 1, 1, 1]);
});

test('a server without activity draws none', () => {
  expect(activityColumns({ first_event_ms: 0 }, { from_ms: 0, to_ms: 10 }, 4)).toEqual([0, 0]);
});
