import { describe, expect, test } from 'vitest';
import { isSampled, xxhash32 } from './sampling';

describe('xxhash32', () => {
  // Published test values of the algorithm, seed 0.
  test.each([
    ['', 0x02cc5d05],
    ['a', 0x550d7456],
    ['abc', 0x32d153ff],
    ['Nobody inspects the spammish repetition', 0xe2293b2f],
  ])('%j', (text, hash) => expect(xxhash32(text)).toBe(hash));
});

test('rates', () => {
  const ids = Array.from({ length: 20_000 }, (_, n) => String(1_700_000_000_000 + n * 977));
  const share = ids.filter((id) => isSampled(id, 0.1)).length / ids.length;
  expect(share).toBeGreaterThan(0.09);
  expect(share).toBeLessThan(0.11);
  expect(ids.some((id) => isSampled(id, 0))).toBe(false);
  expect(ids.every((id) => isSampled(id, 1))).toBe(true);
});
