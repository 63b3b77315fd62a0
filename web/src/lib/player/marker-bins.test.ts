import { expect, test } from 'vitest';
import type { Marker, MarkerKind } from '$lib/api/types';
import { binMarkers, binText, kindOf, neighbourMarker } from './marker-bins';

const marker = (at_ms: number, kind: MarkerKind): Marker => ({ at_ms, kind, label: kind, tab: 0 });
const view = { from_ms: 0, to_ms: 10_000 };

test('what lies close is one bin, the worst first', () => {
  const bins = binMarkers([marker(100, 'click'), marker(110, 'error'), marker(115, 'navigation'), marker(9_000, 'custom')], view, 600);
  expect(bins.map((bin) => [bin.x, bin.kinds])).toEqual([
    [0, ['error', 'navigation', 'click']],
    [540, ['custom']],
  ]);
  expect(bins[0]?.at_ms).toBe(110);
});

test('a bin shows three kinds and tells all', () => {
  const all = [marker(1, 'custom'), marker(2, 'error'), marker(3, 'error'), marker(4, 'dead_click'), marker(5, 'navigation')];
  const [bin] = binMarkers(all, view, 600);
  expect(bin?.kinds).toEqual(['error', 'dead_click', 'navigation']);
  expect(bin && binText(bin)).toBe('2 × Error, Dead click, Page, Event');
});

test('far out plain clicks are left to the activity area', () => {
  const hour = { from_ms: 0, to_ms: 3_600_000 };
  expect(binMarkers([marker(100, 'click')], hour, 600)).toEqual([]);
  expect(binMarkers([marker(100, 'rage_click')], hour, 600)).toHaveLength(1);
});

test('the last pixel belongs to the last bin, and what is out of view is left out', () => {
  expect(binMarkers([marker(10_000, 'error'), marker(10_001, 'error')], view, 600).map((bin) => bin.x)).toEqual([594]);
});

test('a kind this app does not know is an event', () => {
  expect(kindOf(marker(0, 'brand_new' as MarkerKind)).shape).toBe('custom');
});

test('stepping between markers leaves the one at hand', () => {
  const all = [marker(1_000, 'error'), marker(2_000, 'click'), marker(3_000, 'navigation')];
  expect(neighbourMarker(all, 1_000, 1)?.at_ms).toBe(3_000);
  expect(neighbourMarker(all, 3_200, -1)?.at_ms).toBe(1_000);
  expect(neighbourMarker(all, 900, -1)).toBeNull();
});
