import { expect, test } from 'vitest';
import { following, grown, isZoomed, pan, timeAt, xOf, zoom } from './time-scale';

const whole = { from_ms: 1_000, to_ms: 101_000 };

test('pixels and times are each other', () => {
  expect(xOf(whole, 500, 51_000)).toBe(250);
  expect(timeAt(whole, 500, 250)).toBe(51_000);
  expect(timeAt(whole, 500, -20)).toBe(1_000);
  expect(timeAt(whole, 500, 900)).toBe(101_000);
});

test('zooming keeps the time under the pointer where it is', () => {
  const near = zoom(whole, whole, 4, 26_000);
  expect(near.to_ms - near.from_ms).toBe(25_000);
  expect(xOf(near, 500, 26_000)).toBeCloseTo(xOf(whole, 500, 26_000));
  expect(isZoomed(near, whole)).toBe(true);
  expect(zoom(near, whole, 1 / 100, 26_000)).toEqual(whole);
});

test('zoom stops at a second and stays inside', () => {
  const edge = zoom(whole, whole, 1_000_000, 101_000);
  expect(edge).toEqual({ from_ms: 100_000, to_ms: 101_000 });
  const short = { from_ms: 0, to_ms: 300 };
  expect(zoom(short, short, 10, 100)).toEqual(short);
});

test('panning ends at the ends', () => {
  const view = { from_ms: 11_000, to_ms: 21_000 };
  expect(pan(view, whole, 5_000)).toEqual({ from_ms: 16_000, to_ms: 26_000 });
  expect(pan(view, whole, -50_000)).toEqual({ from_ms: 1_000, to_ms: 11_000 });
  expect(pan(view, whole, 500_000)).toEqual({ from_ms: 91_000, to_ms: 101_000 });
});

test('the view turns when the playhead leaves it', () => {
  const view = { from_ms: 11_000, to_ms: 21_000 };
  expect(following(view, whole, 15_000)).toBe(view);
  expect(following(view, whole, 21_500)).toEqual({ from_ms: 21_000, to_ms: 31_000 });
});

test('a live replay that grows keeps the view', () => {
  const longer = { from_ms: 1_000, to_ms: 131_000 };
  expect(grown(whole, whole, longer)).toBe(longer);
  const view = { from_ms: 11_000, to_ms: 21_000 };
  expect(grown(view, whole, longer)).toEqual(view);
});
