import { expect, test } from 'vitest';
import { scrollTopFor, virtualWindow } from './virtual-window';

test('only rows in sight and a few more are drawn', () => {
  expect(virtualWindow(0, 320, 32, 10_000)).toEqual({ first: 0, end: 19 });
  expect(virtualWindow(3_200, 320, 32, 10_000)).toEqual({ first: 92, end: 119 });
  expect(virtualWindow(319_900, 320, 32, 10_000)).toEqual({ first: 9_988, end: 10_000 });
});

test('short, empty and not yet measured lists', () => {
  expect(virtualWindow(0, 900, 32, 3)).toEqual({ first: 0, end: 3 });
  expect(virtualWindow(0, 900, 32, 0)).toEqual({ first: 0, end: 0 });
  expect(virtualWindow(0, 900, 0, 5)).toEqual({ first: 0, end: 0 });
  expect(virtualWindow(-50, 0, 32, 100)).toEqual({ first: 0, end: 9 });
});

test('a list that became shorter than it was scrolled draws its end', () => {
  const { first, end } = virtualWindow(5_000, 320, 32, 10);
  expect(first).toBeLessThanOrEqual(10);
  expect(end).toBe(10);
});

test('scrolls only when the row is out of sight', () => {
  expect(scrollTopFor(5, 0, 320, 32)).toBe(0);
  expect(scrollTopFor(2, 320, 320, 32)).toBe(64);
  expect(scrollTopFor(20, 0, 320, 32)).toBe(352);
});
