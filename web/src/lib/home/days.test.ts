import { expect, test } from 'vitest';
import type { Replay } from '$lib/api/types';
import { byDay } from './days';

const at = (started_at: string) => ({ id: started_at, started_at }) as Replay;

test('days are those of the zone, newest first', () => {
  const now_ms = Date.parse('2026-11-21T12:00:00Z');
  const replays = [at('2026-11-21T09:00:00Z'), at('2026-11-20T23:30:00Z'), at('2026-11-20T08:00:00Z'), at('2026-11-18T08:00:00Z')];
  expect(byDay(replays, 'UTC', now_ms).map(({ name, replays: of }) => [name, of.length])).toEqual([
    ['Today', 1],
    ['Yesterday', 2],
    ['Wednesday 18 Nov 2026', 1],
  ]);
  // Half an hour before midnight in London is today in Vienna.
  expect(byDay(replays, 'Europe/Vienna', now_ms).map(({ replays: of }) => of.length)).toEqual([2, 1, 1]);
  expect(byDay([], 'UTC', now_ms)).toEqual([]);
});

test('the day before a change to summer time is still yesterday', () => {
  const now_ms = Date.parse('2026-03-29T22:30:00Z');
  expect(byDay([at('2026-03-29T10:00:00Z')], 'Europe/Vienna', now_ms)[0]?.name).toBe('Yesterday');
});
