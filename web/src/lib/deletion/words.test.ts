import { expect, test } from 'vitest';
import type { AuditEntry, Deletion } from './api';
import { actionText, countsText, detailText, keptTexts, progressText } from './words';

const job = (parts: Partial<Deletion>): Deletion => ({
  id: 1,
  project_id: 1,
  kind: 'replays',
  target_hash: 'a',
  state: 'running',
  requested_by: 1,
  created_at: '',
  started_at: null,
  ended_at: null,
  error: null,
  replays: { total: 3, left: 1 },
  deleted: {},
  ...parts,
});

test('counts name what there was', () => {
  expect(countsText({ replays: 1, events: 1200, errors: 0, hot_log_bytes: 2_000 })).toBe('1 replay, 1,200 events, 2 KB of the log');
  expect(countsText({ something_new: 4 })).toBe('');
});

test('what is left alone is named when there is any', () => {
  expect(keptTexts({ replays: 9, kept_pinned: 1, kept_live: 2 })).toEqual(['1 replay pinned', '2 replays still being recorded']);
  expect(keptTexts({ replays: 9, kept_pinned: 0, kept_live: 0 })).toEqual([]);
});

test('progress counts replays, then what is behind them', () => {
  expect(progressText(job({}))).toBe('2 of 3 replays');
  expect(progressText(job({ replays: { total: 3, left: 0 } }))).toBe('Erasing what is left');
  expect(progressText(job({ state: 'waiting' }))).toBe('Waiting');
});

test('an audit entry is said in words, and an unknown one as it is', () => {
  const entry = (action: string, detail: AuditEntry['detail']) => ({ id: 1, project_id: 1, at: '', user_id: null, action, detail });
  const applied = entry('apply_retention', { retention_days: 1, replays: 2 });
  expect([actionText(applied), detailText(applied)]).toEqual(['Retention applied to what is kept', '1 day · 2 replays changed']);
  const deleted = entry('delete_user', { state: 'failed', counts: { people: 1 } });
  expect(detailText(deleted)).toBe('failed · 1 person');
  expect(actionText(entry('moved', {}))).toBe('moved');
});
