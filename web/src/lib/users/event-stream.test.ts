import { expect, test } from 'vitest';
import { joinPages, newestFirst } from './event-stream';
import type { EventSession } from './types';

const session = (id: string | null, ...times: number[]) =>
  ({ id, events: times.map((at_ms) => ({ id: at_ms, at_ms })) }) as unknown as EventSession;
const shown = (sessions: EventSession[]) => sessions.map(({ id, events }) => [id, events.map((event) => event.at_ms)]);

test('a session over two pages is one', () => {
  const joined = joinPages([session('b', 9, 8), session('a', 7)], [session('a', 6, 5), session(null, 4)]);
  expect(shown(joined)).toEqual([['b', [9, 8]], ['a', [7, 6, 5]], [null, [4]]]);
});

test('new events come on top, once', () => {
  const known = [session('b', 9, 8), session('a', 7)];
  expect(shown(newestFirst([session('c', 11), session('b', 10, 9)], known))).toEqual([['c', [11]], ['b', [10, 9, 8]], ['a', [7]]]);
});
