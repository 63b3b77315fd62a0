import { expect, test } from 'vitest';
import { missingAtEnd } from './chunk-list';

test.each([
  [[1, 2, 3], [1, 2, 3, 4, 5], [4, 5]],
  [[1, 2, 3], [2, 3, 4], [4]],
  [[1, 2, 3], [2], []],
  [[1, 2, 3], [3, 4], [4]],
  [[1, 2, 3], [5, 6], null],
  [[3, 4], [1, 2, 3, 4], null],
  [[1, 2, 4], [2, 3, 4], null],
  [[], [1], null],
])('held %j, wanted %j', (held, wanted, expected) => {
  expect(missingAtEnd(held, wanted)).toEqual(expected);
});
