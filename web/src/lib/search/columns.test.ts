import { expect, test } from 'vitest';
import type { Replay } from '$lib/api/types';
import { column_ids, columns, default_columns, fittingColumns, readColumns, shownColumns } from './columns';

test('every id has a column', () => {
  expect(columns.map(({ id }) => id)).toEqual([...column_ids]);
});

test('an address names columns; their order is the order of the table', () => {
  expect(readColumns('errors.started.nonsense')).toEqual(['started', 'errors']);
  expect(readColumns('nonsense')).toBeNull();
  expect(readColumns(null)).toBeNull();
});

test('what the server does not send is not shown', () => {
  const old = [{ event_count: 3 }] as Replay[];
  expect(shownColumns(default_columns, old).map(({ id }) => id)).toEqual([
    'started',
    'duration',
    'pages',
    'browser',
    'os',
    'country',
  ]);
  const newer = [...old, { error_count: 0, activity: [] } as unknown as Replay];
  expect(shownColumns(['errors', 'activity'], newer)).toHaveLength(2);
});

test('columns give way until the rest fits, the most telling ones last', () => {
  const wanted = columns.filter(({ id }) => default_columns.includes(id));
  expect(fittingColumns(wanted, 2000)).toEqual(wanted);
  const some = fittingColumns(wanted, 900).map(({ id }) => id);
  expect(some).toContain('activity');
  expect(some).toContain('errors');
  expect(some).not.toContain('country');
  expect(fittingColumns(wanted, 100).map(({ id }) => id)).toEqual(['started', 'duration', 'activity', 'errors', 'rage', 'pages']);
});
