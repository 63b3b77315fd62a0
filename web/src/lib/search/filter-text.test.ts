import { expect, test } from 'vitest';
import { allOf, conditionsOf, phrasesOf, quoted, readTree, readTyped, writeTree, writeTyped } from './filter-text';

test.each([
  '',
  'browser = Chrome',
  'browser = Chrome and duration > 2m',
  'browser = Chrome or browser = Firefox',
  'not country in (DE, AT) and (errors > 0 or click(label = "Pay (now) and go", dead = true))',
  'not (browser = Chrome and os = Linux)',
  'text = "Payment declined" and event("A and B", total > 50) count >= 2',
  'a = 1 and (b = 2 or (c = 3 and not (d = 4 or e = 5)))',
  'url not contains "a\\"b" and not url contains x',
])('the tree of %s', (text) => {
  const tree = readTree(text);
  expect(tree && writeTree(tree)).toBe(text);
});

test('parentheses that do not fit are left to the server', () => {
  expect(readTree('(a = 1')).toBeNull();
  expect(readTree('a = 1)')).toBeNull();
  expect(readTree('a = 1 and')).toBeNull();
  expect(conditionsOf('(a = 1')).toEqual(['(a = 1']);
});

test('chips are what must all hold', () => {
  expect(conditionsOf('a = 1 and (b = 2 or c = 3) and not d = 4')).toEqual(['a = 1', 'b = 2 or c = 3', 'not d = 4']);
  expect(conditionsOf('a = 1 or b = 2')).toEqual(['a = 1 or b = 2']);
  expect(conditionsOf('not (a = 1 and b = 2)')).toEqual(['not (a = 1 and b = 2)']);
  expect(conditionsOf('')).toEqual([]);
  expect(allOf(['a = 1', 'b = 2 or c = 3', 'not d = 4'])).toBe('a = 1 and (b = 2 or c = 3) and not d = 4');
  expect(allOf(['a = 1', ''])).toBe('a = 1');
});

test('a group without conditions vanishes', () => {
  const empty = { kind: 'leaf' as const, not: false, text: ' ' };
  const group = { kind: 'any' as const, not: true, children: [empty] };
  expect(writeTree({ kind: 'all', not: false, children: [{ ...empty, text: 'a = 1' }, group] })).toBe('a = 1');
});

test.each([
  ['bro', { name: 'bro', operator: null, rest: '', awaits: 'name' }],
  ['browser ', { name: 'browser', operator: null, rest: '', awaits: 'operator' }],
  ['browser con', { name: 'browser', operator: null, rest: 'con', awaits: 'operator' }],
  ['browser = ', { name: 'browser', operator: '=', rest: '', awaits: 'value' }],
  ['browser not contains Fi', { name: 'browser', operator: 'not contains', rest: 'Fi', awaits: 'value' }],
  ['tag."my plan" >= 5', { name: 'tag."my plan"', operator: '>=', rest: '5', awaits: 'value' }],
  ['event("Order (x)") ', { name: 'event("Order (x)")', operator: null, rest: '', awaits: 'operator' }],
  ['user exists', { name: 'user', operator: 'exists', rest: '', awaits: 'nothing' }],
  ['user existsx', { name: 'user', operator: null, rest: 'existsx', awaits: 'operator' }],
] as const)('typed so far: %s', (text, typed) => {
  expect(readTyped(text)).toEqual(typed);
});

test('values are quoted where they must be', () => {
  expect([quoted('Chrome'), quoted('a b'), quoted('a"b\\'), quoted('and'), quoted('')]).toEqual([
    'Chrome',
    '"a b"',
    '"a\\"b\\\\"',
    '"and"',
    '""',
  ]);
  expect(writeTyped('user', 'exists', 'x')).toBe('user exists');
  expect(writeTyped('browser', '=', 'Chrome')).toBe('browser = Chrome');
});

test('the phrases of a filter are what must have been on the screen', () => {
  expect(phrasesOf('text = "Payment \\"declined\\"" and not text = paid and (text = a or text != b)')).toEqual(['Payment "declined"', 'a']);
  expect(phrasesOf('browser = Chrome')).toEqual([]);
});
