import { expect, test } from 'vitest';
import type { Replay } from '$lib/api/types';
import { mergeRows } from './merge-rows';

const row = (id: string, minute: number, more: Partial<Replay> = {}) =>
  ({ id, started_at: `2026-11-21T10:${String(minute).padStart(2, '0')}:00.000Z`, ...more }) as Replay;
const ids = (rows: Replay[]) => rows.map((replay) => replay.id);

test('new replays are counted, not inserted', () => {
  const merged = mergeRows([row('b', 2), row('a', 1)], [row('d', 4), row('c', 3), row('b', 2)]);
  expect(ids(merged.shown)).toEqual(['b', 'a']);
  expect(merged.new_count).toBe(2);
});

test('an empty list fills by itself', () => {
  const merged = mergeRows([], [row('a', 1)]);
  expect(ids(merged.shown)).toEqual(['a']);
  expect(merged.new_count).toBe(0);
});

test('facts of shown rows are renewed in place', () => {
  const merged = mergeRows(
    [row('b', 2, { status: 'live' }), row('a', 1)],
    [row('a', 1), row('b', 2, { status: 'complete' })],
  );
  expect(ids(merged.shown)).toEqual(['b', 'a']);
  expect(merged.shown[0]?.status).toBe('complete');
});

test('an older row that moves up is not new', () => {
  expect(mergeRows([row('c', 3), row('b', 2)], [row('c', 3), row('a', 1)]).new_count).toBe(0);
});
