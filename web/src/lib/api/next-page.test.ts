import { expect, test } from 'vitest';
import { safeNext } from './next-page';

const origin = 'http://localhost:4000';

test.each([
  ['/replays/abc?t=3.5', '/replays/abc?t=3.5'],
  ['/replays?range=7d', '/replays?range=7d'],
  [null, '/replays'],
  ['', '/replays'],
  ['//evil.example/x', '/replays'],
  ['/\\evil.example', '/replays'],
  ['/\t/evil.example', '/replays'],
  ['https://evil.example/', '/replays'],
  ['javascript:alert(1)', '/replays'],
  ['/login?next=/login', '/replays'],
  ['/setup', '/replays'],
])('%s leads to %s', (next, expected) => {
  expect(safeNext(next, origin)).toBe(expected);
});
