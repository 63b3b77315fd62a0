import { expect, test } from 'vitest';
import { sparkLine } from './spark-line';

test('goes from the left to the right, higher values higher up', () => {
  const drawn = sparkLine([0, 5, 10], 104, 24);
  expect(drawn?.line).toBe('M2 22L52 12L102 2');
  expect(drawn?.area).toBe('M2 22L52 12L102 2V24H2z');
  expect(drawn?.end).toEqual({ x: 102, y: 2 });
});

test('all zero is flat at the bottom, one value is no line', () => {
  expect(sparkLine([0, 0], 104, 24)?.line).toBe('M2 22L102 22');
  expect(sparkLine([3], 104, 24)).toBeNull();
});
