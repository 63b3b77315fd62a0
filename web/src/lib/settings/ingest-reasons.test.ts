import { expect, test } from 'vitest';
import { lostCount, reasonText } from './ingest-reasons';

const last_at = '2026-11-21T10:00:00Z';

test('only what is lost is counted', () => {
  expect(
    lostCount([
      { reason: 'too_large', count: 3, last_at },
      { reason: 'event_too_large', count: 2, last_at },
      { reason: 'own_traffic', count: 100, last_at },
      { reason: 'redacted_secret', count: 50, last_at },
    ]),
  ).toBe(5);
  expect(lostCount([])).toBe(0);
});

test('an unknown reason is shown by its name and counts', () => {
  expect(reasonText('too_purple')).toMatchObject({ what: 'too purple', weight: 'refused' });
  expect(lostCount([{ reason: 'too_purple', count: 1, last_at }])).toBe(1);
});
