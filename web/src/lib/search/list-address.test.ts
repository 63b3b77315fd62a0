import { expect, test } from 'vitest';
import { isDay, listHref, listParameters, readListAddress, replayHref } from './list-address';

const read = (query: string) => readListAddress(new URLSearchParams(query));

test.each(['', 'range=7d', 'project=p1&range=1d&cursor=abc', 'from=2026-11-01&to=2026-11-21', 'range=1d&unseen=true&columns=started.errors', 'filter=browser+%3D+%22A+%26+B%22&sort=errors&order=asc'])(
  '"%s" survives the way there and back',
  (query) => {
    expect(listHref(read(query))).toBe(query ? `/replays?${query}` : '/replays');
  },
);

test('nonsense falls back to everything', () => {
  expect(read('range=99y').period).toEqual({ kind: 'preset', preset: 'all' });
  expect(read('from=yesterday&to=2026-11-21').period).toEqual({ kind: 'preset', preset: 'all' });
  expect(read('from=2026-02-30&to=2026-03-01').period).toEqual({ kind: 'preset', preset: 'all' });
});

test('days the wrong way round are turned', () => {
  expect(read('from=2026-11-21&to=2026-11-01').period).toEqual({
    kind: 'days',
    from: '2026-11-01',
    to: '2026-11-21',
  });
});

test('days win over a preset', () => {
  expect(read('range=7d&from=2026-11-01&to=2026-11-02').period.kind).toBe('days');
});

test('the API gets either a range or days', () => {
  expect(listParameters(read('range=7d&cursor=c'), 1)).toEqual({
    project_id: 1,
    cursor: 'c',
    range: '7d',
  });
  expect(listParameters(read('from=2026-11-01&to=2026-11-02'), 1)).toEqual({
    project_id: 1,
    cursor: null,
    from: '2026-11-01',
    to: '2026-11-02',
  });
});

test('days are real days', () => {
  expect(isDay('2024-02-29')).toBe(true);
  expect(isDay('2026-02-29')).toBe(false);
  expect(isDay('2026-2-9')).toBe(false);
  expect(isDay(null)).toBe(false);
});

test('unseen goes to the API, columns do not', () => {
  expect(listParameters(read('unseen=true&columns=started'), 1)).toEqual({
    project_id: 1,
    cursor: null,
    range: 'all',
    unseen: 'true',
  });
});

test('a replay takes the query of its list along, without page and columns', () => {
  expect(replayHref('a/b', read('range=7d&unseen=true&cursor=c&columns=started'))).toBe(
    '/replays/a%2Fb?range=7d&unseen=true',
  );
  expect(replayHref('a', read(''))).toBe('/replays/a');
  expect(replayHref('a', null)).toBe('/replays/a');
});

test('filter and order go to the API and along with a replay', () => {
  const address = read('filter=errors+%3E+0&sort=duration&order=asc');
  expect(listParameters(address, 1)).toMatchObject({ filter: 'errors > 0', sort: 'duration', order: 'asc' });
  expect(replayHref('a', address)).toBe('/replays/a?filter=errors+%3E+0&sort=duration&order=asc');
  expect(read('sort=size').sort).toBe('started');
});
