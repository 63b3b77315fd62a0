import { expect, test } from 'vitest';
import type { TabSpan } from '$lib/api/types';
import { tabSegments } from './segments';

const tab = (number: number, from_ms: number, to_ms: number, ...focused: [number, number][]): TabSpan => ({
  tab: number,
  from_ms,
  to_ms,
  focused: focused.map(([from, to]) => ({ from_ms: from, to_ms: to })),
});
const short = (tabs: TabSpan[], pinned: number | null = null) =>
  tabSegments(tabs, 0, 100, pinned).map(({ tab, from_ms, to_ms }) => `${tab}:${from_ms}-${to_ms}`);

test('one tab or none is one stretch', () => {
  expect(short([])).toEqual(['0:0-100']);
  expect(short([tab(3, 0, 100)])).toEqual(['3:0-100']);
});

test('the focused tab is shown, and stays while none has the focus', () => {
  const tabs = [tab(0, 0, 100, [0, 30], [70, 100]), tab(1, 35, 80, [40, 60])];
  expect(short(tabs)).toEqual(['0:0-40', '1:40-70', '0:70-100']);
});

test('focus that comes twice in the same tab makes no cut', () => {
  expect(short([tab(0, 0, 100, [0, 10], [20, 30]), tab(1, 50, 60, [50, 60])])).toEqual(['0:0-50', '1:50-100']);
});

test('the first tab is shown until the first known focus', () => {
  expect(short([tab(0, 0, 100), tab(1, 20, 100, [30, 100])])).toEqual(['0:0-30', '1:30-100']);
});

test('a pinned tab is shown throughout', () => {
  expect(short([tab(0, 0, 100, [0, 100]), tab(1, 50, 60)], 1)).toEqual(['1:0-100']);
});
