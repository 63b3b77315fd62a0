import { expect, test } from 'vitest';
import { Buffer } from './buffer';

function buffer(count: number, size_bytes = 1_000): Buffer {
  const made = new Buffer();
  made.update(chunks(count, size_bytes));
  return made;
}

function chunks(count: number, size_bytes = 1_000) {
  return Array.from({ length: count }, (_, index) => ({
    from_ms: index * 60_000,
    to_ms: (index + 1) * 60_000,
    event_count: 10,
    size_bytes,
  }));
}

function load(target: Buffer, index: number, page_starts_ms: number[] = []): void {
  Object.assign(target.slots[index]!, { state: 'loaded', page_starts_ms });
}

const starts = (slots: { from_ms: number }[]) => slots.map((slot) => slot.from_ms / 60_000);

test('from the start: the first chunk, then as far ahead as wanted', () => {
  expect(starts(buffer(10).wanted(0, 1, [0]))).toEqual([0, 1, 2]);
});

test('higher speed looks further ahead', () => {
  expect(starts(buffer(10).wanted(0, 2, [0]))).toEqual([0, 1, 2, 3, 4]);
});

test('heavy recordings are loaded less far ahead, but always one chunk', () => {
  const heavy = buffer(10, 20_000_000);
  load(heavy, 0, [0]);
  expect(starts(heavy.wanted(0, 16, [0]))).toEqual([1]);
});

test('a seek begins at the page start the manifest names', () => {
  const target = buffer(10);
  expect(starts(target.wanted(5 * 60_000 + 10, 1, [0, 3 * 60_000 + 5, 8 * 60_000]))).toEqual([
    3, 4, 5, 6, 7,
  ]);
});

test('a wrong hint is made good by walking further back', () => {
  const target = buffer(6);
  for (const index of [3, 4, 5]) load(target, index);
  expect(target.runFor(4.5 * 60_000)).toBeNull();
  expect(starts(target.wanted(4.5 * 60_000, 1, [0, 3 * 60_000]))).toEqual([2]);
  load(target, 2, [2 * 60_000]);
  expect(target.runFor(4.5 * 60_000)).toEqual({ first: 2, last: 5 });
});

test('the run stops at the first hole', () => {
  const target = buffer(6);
  load(target, 0, [5]);
  load(target, 1);
  load(target, 3, [3 * 60_000]);
  expect(target.runFor(70_000)).toEqual({ first: 0, last: 1 });
  expect(target.runFor(2.5 * 60_000)).toBeNull();
  expect(target.runFor(3.5 * 60_000)).toEqual({ first: 3, last: 3 });
  expect(target.loadedUntil(0)).toBe(2 * 60_000);
  expect(target.loadedUntil(2.5 * 60_000)).toBe(2.5 * 60_000);
  expect(target.loadedUntil(3.5 * 60_000)).toBe(4 * 60_000);
  expect(target.loadedSpans()).toEqual([
    { from_ms: 0, to_ms: 120_000 },
    { from_ms: 180_000, to_ms: 240_000 },
  ]);
});

test('a page start later in the same chunk does not count for an earlier moment', () => {
  const target = buffer(3);
  load(target, 0, [0]);
  load(target, 1, [90_000]);
  expect(target.runFor(70_000)).toEqual({ first: 0, last: 1 });
  expect(target.runFor(95_000)).toEqual({ first: 1, last: 1 });
});

test('before the first page start the run must reach one', () => {
  const target = buffer(3);
  load(target, 0);
  expect(target.runFor(0)).toBeNull();
  expect(starts(target.wanted(0, 1, []))).toContain(1);
  load(target, 1, [70_000]);
  expect(target.runFor(0)).toEqual({ first: 0, last: 1 });
});

test('the end of the last chunk is no limit', () => {
  const target = buffer(2);
  load(target, 0, [0]);
  load(target, 1);
  expect(target.loadedUntil(0)).toBe(Infinity);
});

test('a failed chunk blocks what needs it and nothing else', () => {
  const target = buffer(5);
  load(target, 0, [0]);
  target.slots[1]!.state = 'failed';
  load(target, 2, [150_000]);
  expect(target.blockedBy(30_000)).toBeNull();
  expect(target.blockedBy(59_950)?.from_ms).toBe(60_000);
  expect(target.blockedBy(130_000)?.from_ms).toBe(60_000);
  expect(target.blockedBy(160_000)).toBeNull();
  expect(starts(target.wanted(0, 1, [0]))).not.toContain(1);
});

test('a growing chunk keeps what is loaded and adds its tail', () => {
  const target = buffer(2);
  load(target, 0, [0]);
  load(target, 1);
  const grown = chunks(2);
  Object.assign(grown[1]!, { to_ms: 125_000, event_count: 14, size_bytes: 1_500 });
  expect(target.update(grown)).toEqual([]);
  expect(target.slots.map((slot) => [slot.from_ms, slot.to_ms, slot.event_count, slot.state])).toEqual([
    [0, 60_000, 10, 'loaded'],
    [60_000, 120_000, 10, 'loaded'],
    [120_000, 125_000, 4, 'missing'],
  ]);
  Object.assign(grown[1]!, { to_ms: 130_000, event_count: 15 });
  expect(target.update(grown)).toEqual([]);
  expect(target.slots.map((slot) => slot.to_ms)).toEqual([60_000, 120_000, 125_000, 130_000]);
  expect(target.update(grown)).toEqual([]);
  expect(target.slots).toHaveLength(4);
});

test('late events in a loaded stretch make it load again', () => {
  const target = buffer(2);
  load(target, 0, [0]);
  load(target, 1);
  const changed = chunks(2);
  changed[0]!.event_count = 12;
  expect(target.update(changed)).toEqual([0]);
  expect(target.slots.map((slot) => slot.state)).toEqual(['missing', 'loaded']);
});

test('chunks cut differently are loaded again', () => {
  const target = buffer(2);
  load(target, 0, [0]);
  const recut = [
    { from_ms: 0, to_ms: 40_000, event_count: 6, size_bytes: 600 },
    { from_ms: 40_000, to_ms: 120_000, event_count: 14, size_bytes: 1_400 },
  ];
  expect(target.update(recut)).toEqual([0]);
  expect(target.slots.map((slot) => slot.from_ms)).toEqual([0, 40_000]);
});
