import { expect, test } from 'vitest';
import { durationText, msToSeconds, offsetText, secondsToMs, spokenDuration } from './duration';
import { clockTime, dayInZone, dayLabel, exactTime, relativeTime } from './time';

const noon = Date.parse('2026-11-21T12:02:33.456Z');

test('clock and exact time follow the zone, with summer time', () => {
  expect(clockTime(noon, 'UTC')).toBe('12:02:33 UTC');
  expect(clockTime(noon, 'Europe/Berlin')).toMatch(/^13:02:33 /);
  expect(clockTime(Date.parse('2026-07-01T12:00:00Z'), 'Europe/Berlin')).toMatch(/^14:00:00 /);
  expect(exactTime(noon, 'Asia/Tokyo')).toMatch(/^Sat 21 Nov 2026, 21:02:33 /);
  expect(clockTime(Date.parse('2026-11-21T00:00:00Z'), 'UTC')).toBe('00:00:00 UTC');
});

test('an unknown zone falls back to UTC', () => {
  expect(clockTime(noon, 'Mars/Olympus')).toBe('12:02:33 UTC');
});

test('the day of a moment depends on the zone', () => {
  const late = Date.parse('2026-11-21T23:30:00Z');
  expect(dayInZone(late, 'UTC')).toBe('2026-11-21');
  expect(dayInZone(late, 'Europe/Berlin')).toBe('2026-11-22');
  expect(dayInZone(late, 'America/Los_Angeles')).toBe('2026-11-21');
  expect(dayLabel('2026-03-01')).toBe('1 Mar 2026');
});

test.each([
  [3_000, 'just now'],
  [-2_000, 'just now'],
  [42_000, '42 s ago'],
  [61_000, '1 min ago'],
  [3 * 3_600_000, '3 h ago'],
  [25 * 3_600_000, '1 day ago'],
  [6 * 86_400_000, '6 days ago'],
])('%i ms back reads %s', (past_ms, expected) => {
  expect(relativeTime(noon - past_ms, noon, 'UTC')).toBe(expected);
});

test('a week back and more names the day', () => {
  expect(relativeTime(noon - 8 * 86_400_000, noon, 'UTC')).toBe('13 Nov 2026, 12:02');
});

test.each([
  [0, '0:00', '0:00.0'],
  [133_449, '2:13', '2:13.4'],
  [59_999, '0:59', '0:59.9'],
  [3_600_000, '1:00:00', '1:00:00.0'],
  [-5, '0:00', '0:00.0'],
])('offset %i', (offset_ms, plain, with_tenths) => {
  expect(offsetText(offset_ms)).toBe(plain);
  expect(offsetText(offset_ms, true)).toBe(with_tenths);
});

test.each([
  [400, '0.4 s'],
  [1_000, '1 s'],
  [60_000, '1 min'],
  [1_100_000, '18 min 20 s'],
  [7_500_000, '2 h 5 min'],
  [3_600_000, '1 h'],
])('duration %i is %s', (duration_ms, expected) => {
  expect(durationText(duration_ms)).toBe(expected);
});

test('spoken durations use whole words', () => {
  expect(spokenDuration(133_000)).toBe('2 minutes 13 seconds');
  expect(spokenDuration(3_661_000)).toBe('1 hour 1 minute 1 second');
  expect(spokenDuration(0)).toBe('0 seconds');
});

test('times in addresses survive the way there and back, nonsense does not', () => {
  expect(secondsToMs('133.4')).toBe(133_400);
  expect(secondsToMs('0')).toBe(0);
  expect(secondsToMs('-3')).toBeNull();
  expect(secondsToMs('1e9')).toBeNull();
  expect(secondsToMs('')).toBeNull();
  expect(secondsToMs(null)).toBeNull();
  expect(msToSeconds(133_449)).toBe('133.4');
  expect(secondsToMs(msToSeconds(61_000))).toBe(61_000);
});
