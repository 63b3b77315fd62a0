import { expect, test } from 'vitest';
import { openingRange } from './opening';

const manifest = (more: object = {}) => ({
  first_event_ms: 1_000,
  last_event_ms: 61_000,
  chunks: [{ from_ms: 1_000, to_ms: 61_001, event_count: 100, size_bytes: 50_000_000 }],
  tabs: [{ tab: 0, from_ms: 1_000, to_ms: 61_000, focused: [] }],
  replay: { playable: true },
  ...more,
});

test('a long recording is opened by the state of its moment, a small one whole', () => {
  expect(openingRange(manifest(), 5_000)).toEqual({ from_ms: 6_000, to_ms: 6_000, tab: null });
  expect(openingRange(manifest(), null)).toEqual({ from_ms: 1_000, to_ms: 1_000, tab: null });
  const small = [{ from_ms: 1_000, to_ms: 61_001, event_count: 100, size_bytes: 5_000 }];
  expect(openingRange(manifest({ chunks: small }), 5_000)).toEqual({ from_ms: 1_000, to_ms: 61_001, tab: null });
});

test('behind the end is the end', () => {
  expect(openingRange(manifest(), 900_000)).toEqual({ from_ms: 61_000, to_ms: 61_000, tab: null });
});

test('films, several tabs and what cannot be played are not asked for early', () => {
  expect(openingRange(manifest({ replay: { playable: false } }), 0)).toBeNull();
  expect(openingRange(manifest({ video: [{ id: 'a', at_ms: 0, duration_ms: 5 }] }), 0)).toBeNull();
  const tab = { from_ms: 1_000, to_ms: 61_000, focused: [] };
  expect(openingRange(manifest({ tabs: [{ tab: 0, ...tab }, { tab: 1, ...tab }] }), 0)).toBeNull();
});
