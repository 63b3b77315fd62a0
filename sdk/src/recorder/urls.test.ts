import { describe, expect, test } from 'vitest';
import { absoluteCss, absoluteSrcset, absoluteUrl } from './urls';

const BASE = 'https://site.test/shop/page.html';

describe('addresses', () => {
  test.each([
    ['a.png', 'https://site.test/shop/a.png'],
    ['../a.png', 'https://site.test/a.png'],
    ['/a.png?b#c', 'https://site.test/a.png?b#c'],
    ['//cdn.test/a', '//cdn.test/a'],
    ['data:image/png;base64,x', 'data:image/png;base64,x'],
    ['', ''],
    ['https://other.test/', 'https://other.test/'],
    ['#x', 'https://site.test/shop/page.html#x'],
  ])('%s', (url, absolute) => expect(absoluteUrl(url, BASE)).toBe(absolute));
  test('a page without an address', () => expect(absoluteUrl('/a', 'about:blank')).toBe('/a'));
});

test('srcset', () => {
  expect(absoluteSrcset('a.png 1x, /b.png 2x', BASE)).toBe('https://site.test/shop/a.png 1x, https://site.test/b.png 2x');
  expect(absoluteSrcset('data:image/png;base64,AA 1x', BASE)).toBe('data:image/png;base64,AA 1x');
});

test('style text', () => {
  expect(absoluteCss(`a{background:url(x.png)}b{src:url('/y')}`, BASE)).toBe(
    'a{background:url("https://site.test/shop/x.png")}b{src:url("https://site.test/y")}',
  );
  expect(absoluteCss('a{fill:url(#g);src:url(data:x)}', BASE)).toBe('a{fill:url(#g);src:url(data:x)}');
  expect(absoluteCss('@import "x.css";', BASE)).toBe('@import "https://site.test/shop/x.css";');
});
