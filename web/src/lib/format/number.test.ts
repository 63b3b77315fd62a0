import { expect, test } from 'vitest';
import { bytesText, countryName, plural, shortCount } from './number';

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1 KB'],
  [1550, '1.6 KB'],
  [99_960, '100 KB'],
  [999_600, '1 MB'],
  [3_140_000_000, '3.1 GB'],
  [5e15, '5000 TB'],
  [-1, '0 B'],
])('%d bytes read %s', (size_bytes, expected) => {
  expect(bytesText(size_bytes)).toBe(expected);
});

test('large counts are shortened, small ones are exact', () => {
  expect(shortCount(9_999)).toBe('9,999');
  expect(shortCount(12_840)).toMatch(/^12\.8k$/i);
  expect(plural(1, 'error')).toBe('1 error');
  expect(plural(1200, 'reply', 'replies')).toBe('1,200 replies');
});

test('countries have names; what is no code stays', () => {
  expect(countryName('at')).toBe('Austria');
  expect(countryName('Austria')).toBe('Austria');
  expect(countryName('1')).toBe('1');
  expect(countryName(null)).toBe('');
});
