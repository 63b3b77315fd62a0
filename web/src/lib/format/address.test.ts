import { expect, test } from 'vitest';
import { pageLabel } from './address';

test.each([
  ['https://shop.example/cart?x=1#top', null, 'shop.example/cart?x=1#top'],
  ['https://shop.example/cart', 'https://shop.example/', '/cart'],
  ['https://pay.example/cart', 'https://shop.example/', 'pay.example/cart'],
  ['about:blank#x', null, 'blank#x'],
  ['not an address', null, 'not an address'],
  ['https://shop.example/', 'not an address', 'https://shop.example/'],
  [null, null, ''],
])('%s beside %s is %s', (href, beside, expected) => {
  expect(pageLabel(href, beside)).toBe(expected);
});
