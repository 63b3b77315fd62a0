import { expect, test } from 'vitest';
import type { ErrorFact } from '$lib/api/types';
import type { LinkedError } from '$lib/issues/types';
import { errorRows, sameErrors } from './error-rows';

const fact = (at_ms: number, event_id: string | null): ErrorFact => ({ kind: 'error', at_ms, tab: 0, name: 'TypeError', message: 'no fruit', stack: [], source: 'event', event_id });
const sent = (at_ms: number, event_id: string) => ({ at_ms, event_id, kind: 'TypeError', message: 'no fruit', title: 'TypeError: no fruit' }) as LinkedError;

test('both kinds in order of time, none of them twice', () => {
  const rows = errorRows([fact(5, null), fact(1, 'a')], [sent(3, 'b'), sent(1, 'a')]);
  expect(rows.map((row) => [row.at_ms, 'linked' in row])).toEqual([[1, true], [3, true], [5, false]]);
  expect(sameErrors(rows, rows[0]!)).toBe(3);
});

test('a message without a kind is its own title', () => {
  const [row] = errorRows([], [{ ...sent(1, 'a'), kind: null, message: null, title: 'shelf is low' }]);
  expect(row).toMatchObject({ title: 'Error', text: 'shelf is low' });
});
