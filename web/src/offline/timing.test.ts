import { expect, test } from 'vitest';
import { clockText, idleRanges } from './timing';

const at = (timestamp: number, source?: number) => ({ type: 3, timestamp, data: { source } });

test('a stretch without the visitor is idle, whatever the page does in it', () => {
  const events = [at(1_000, 1), at(2_000, 5), at(5_000, 0), at(9_500, 0), at(12_000, 2), at(13_000, 0)];
  expect(idleRanges(events)).toEqual([{ from_ms: 1_000, to_ms: 11_000 }]);
  expect(idleRanges([])).toEqual([]);
});

test('the end can be idle too', () => {
  expect(idleRanges([at(0, 1), at(60_000, 0)])).toEqual([{ from_ms: 0, to_ms: 60_000 }]);
});

test('times read as on a clock', () => {
  expect([0, 61_000, 3_600_000 + 125_000].map(clockText)).toEqual(['0:00', '1:01', '1:02:05']);
});
