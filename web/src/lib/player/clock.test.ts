import { expect, test } from 'vitest';
import { Clock } from './clock';

test('a stopped clock stands still', () => {
  const clock = new Clock(1000);
  expect(clock.read(0)).toBe(1000);
  expect(clock.read(99_999)).toBe(1000);
});

test('time runs with speed, and a change of speed keeps the position', () => {
  const clock = new Clock(1000);
  clock.play(50);
  expect(clock.read(150)).toBe(1100);
  clock.setSpeed(4, 150);
  expect(clock.read(150)).toBe(1100);
  expect(clock.read(250)).toBe(1500);
  clock.pause(250);
  expect(clock.read(9_000)).toBe(1500);
  clock.play(9_000);
  expect(clock.read(9_010)).toBe(1540);
});

test('seeking works in both directions, playing or not', () => {
  const clock = new Clock(1000);
  clock.play(0);
  clock.seek(5000, 100);
  expect(clock.read(100)).toBe(5000);
  clock.seek(200, 300);
  expect(clock.read(400)).toBe(300);
  clock.pause(400);
  clock.seek(7000, 500);
  expect(clock.read(900)).toBe(7000);
});

test('the ceiling holds time, and waiting there is not caught up later', () => {
  const clock = new Clock(0);
  clock.setCeiling(1000, 0);
  clock.play(0);
  expect(clock.read(5_000)).toBe(1000);
  clock.setCeiling(3000, 5_000);
  expect(clock.read(5_000)).toBe(1000);
  expect(clock.read(5_500)).toBe(1500);
});

test('a seek past the ceiling stays where it was put', () => {
  const clock = new Clock(0);
  clock.setCeiling(1000, 0);
  clock.play(0);
  clock.seek(2500, 10);
  expect(clock.read(20)).toBe(2500);
});
