import { expect, test } from 'vitest';
import { globToRegExp, stars } from './privacy';

test('stars keep white space, and so the shape of a text', () => {
  expect(stars('Ada Lovelace\n1815')).toBe('*** ********\n****');
});

test.each([
  ['https://a.test/*', 'https://a.test/x/y', true],
  ['https://a.test/*', 'https://b.test/x', false],
  ['https://a.test/account/**', 'https://a.test/account', true],
  ['https://a.test/account/**', 'https://a.test/account/1/2', true],
  ['https://a.test/account/**', 'https://a.test/accounts', false],
  ['*/item-?', 'https://a.test/item-7', true],
  ['*/item-?', 'https://a.test/item-77', false],
  ['https://a.test/x.html', 'https://a.test/xzhtml', false],
])('%s matches %s: %s', (glob, url, matches) => expect(globToRegExp(glob).test(url)).toBe(matches));
