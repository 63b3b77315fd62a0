import { expect, test } from 'vitest';
import { safeNext } from './next-page';

const origin = 'http://localhost:4000';

test.each([
  ['/replays/abc?t=3.5', '/replays/abc?t=3.5'],
  ['/replays?range=7d', '/replays?range=7d'],
  [null, '/'],
  ['', '/'],
  ['//evil.example/x', '/'],
  ['/\\evil.example', '/'],
  ['/\t/evil.example', '/'],
  ['https://evil.example/', '/'],
  ['javascript:alert(1)', '/'],
  ['/?play=abc', '/?play=abc'],
  ['/login?next=/login', '/'],
  ['/setup', '/'],
])('%s leads to %s', (next, expected) => {
  expect(safeNext(next, origin)).toBe(expected);
});
