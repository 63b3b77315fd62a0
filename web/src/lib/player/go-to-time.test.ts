import { expect, test } from 'vitest';
import { parseTime } from './go-to-time';

const first_ms = Date.parse('2026-11-21T13:00:10.500Z');
const last_ms = first_ms + 20 * 60_000;

test.each([
  ['2:13', 133_000],
  [' 0:05 ', 5_000],
  ['90', 90_000],
  ['90s', 90_000],
  ['2.5 min', 150_000],
  ['0:01:02.5', 62_500],
  ['14:02:10.5', 120_000],
  ['14:00:10', 0],
])('%s', (text, offset_ms) => {
  expect(parseTime(text, first_ms, last_ms, 'Europe/Vienna')).toBe(first_ms + offset_ms);
});

test.each(['', 'abc', '25:00', '2:75', '0:61:00', '15:30:00', '-3', '1:2:3:4'])('%j is nowhere', (text) => {
  expect(parseTime(text, first_ms, last_ms, 'Europe/Vienna')).toBeNull();
});

test('in a long replay three numbers are an offset', () => {
  expect(parseTime('3:00:00', first_ms, first_ms + 8 * 3_600_000, 'UTC')).toBe(first_ms + 3 * 3_600_000);
});
