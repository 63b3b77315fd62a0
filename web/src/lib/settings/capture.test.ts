import { expect, test } from 'vitest';
import { linesOf, percentOf, rateOf } from './capture';

test('rates are percent in the form', () => {
  expect([rateOf('12.5'), rateOf('12,5'), rateOf('0'), rateOf(' '), rateOf('x')]).toEqual([0.125, 0.125, 0, null, null]);
  expect([percentOf(0.125), percentOf(1), percentOf(0.07), percentOf(null)]).toEqual(['12.5', '100', '7', '']);
});

test('selectors stand one a line', () => {
  expect(linesOf(' .a\n\n#b ')).toEqual(['.a', '#b']);
  expect(linesOf(' \n')).toBeNull();
});
