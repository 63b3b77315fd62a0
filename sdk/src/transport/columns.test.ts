import fc from 'fast-check';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { expand } from '../../tests/support/expand.mjs';
import { columnsOf } from './columns';

const compact = (events: unknown[]): string => JSON.stringify(events);
const wayBack = (events: unknown[]): string => expand(columnsOf(JSON.parse(compact(events))));

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', '0', '05', '7.05', '#', '\n\n', '[columns 1]', '\ud800', '\u0001' + '0', '"', '99999999999999999999'),
  fc.tuple(fc.constantFrom('item ', 'translate(', 'v'), fc.maxSafeNat(), fc.nat(20)).map(([word, a, b]) => `${word}${a}px ${b}`),
);
const number = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.nat(9));
const key = fc.oneof(
  fc.constantFrom('id', 'node', 'childNodes', 'parentId', 'nextId', 'attributes', '0', '__proto__', 'a b', '"', '*', '.'),
  fc.string({ maxLength: 4 }),
);
const { value } = fc.letrec<{ value: unknown; add: unknown }>((tie) => ({
  add: fc.record({
    parentId: fc.oneof(fc.nat(6), number),
    nextId: fc.option(fc.oneof(fc.nat(6), text)),
    node: fc.record({ id: fc.oneof(fc.nat(6), text), more: tie('value') }),
  }),
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    text,
    number,
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(tie('add'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5 }),
  ),
}));
const batch = fc.array(value, { minLength: 1, maxLength: 6 });

/** A list of nodes as the recorder adds it: the last sibling first, children after it. */
function addedNodes(shape: unknown[], parentId: number, nextId: { value: number }): object[] {
  let next: number | null = null;
  return [...shape].reverse().flatMap((children) => {
    const id = nextId.value++;
    const add = { parentId, nextId: next, node: { type: 2, id, tagName: 'p', attributes: {}, childNodes: [] } };
    next = id;
    return [add, ...addedNodes(children as unknown[], id, nextId)];
  });
}

describe('events as columns', () => {
  test('any events come back letter by letter', () => {
    fc.assert(
      fc.property(batch, (events) => {
        expect(wayBack(events)).toBe(compact(events));
      }),
      { numRuns: 5_000 },
    );
  });

  test('what the recorder adds names no places', () => {
    const adds = addedNodes([[], [[], [[]]], [[], []]], 7, { value: 20 });
    const encoded = columnsOf([{ type: 3, data: { source: 0, adds } }]);
    expect(encoded.match(/^\^/gm)).toHaveLength(adds.length - 1);
    expect(expand(encoded)).toBe(compact([{ type: 3, data: { source: 0, adds } }]));
  });

  test('what is too deep for every reader is not encoded', () => {
    let deep: unknown = 0;
    for (let level = 0; level < 501; level++) deep = [deep];
    expect(() => columnsOf([deep])).toThrow('too deep');
  });

  /** The server's tests read the same file. After a change of the format: `GOLDEN=write`, and a new number. */
  test('the golden file still holds', () => {
    const path = fileURLToPath(new URL('../../../crates/wire/tests/columns.golden.json', import.meta.url));
    const cases = [
      ...fc.sample(batch, { numRuns: 80, seed: 20260105 }),
      [{ type: 3, data: { source: 0, adds: addedNodes([[], [[], [[]]], [[], []]], 7, { value: 20 }) }, timestamp: 1767571200000 }],
    ].map((events) => ({ events: compact(events), columns: columnsOf(JSON.parse(compact(events))) }));
    const written = '[\n' + cases.map((one) => JSON.stringify(one)).join(',\n') + '\n]\n';
    if (process.env.GOLDEN === 'write') writeFileSync(path, written);
    expect(readFileSync(path, 'utf8')).toBe(written);
  });
});
