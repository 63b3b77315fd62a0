import { expect, test } from 'vitest';
import { KeptAnswers } from './kept';

test('the newest answer is kept with its time', () => {
  const kept = new KeptAnswers();
  expect(kept.get('a')).toBeNull();
  kept.put('a', 1, 10);
  kept.put('a', 2, 20);
  expect(kept.get<number>('a')).toEqual({ answer: 2, at_ms: 20 });
  kept.clear();
  expect(kept.get('a')).toBeNull();
});

test('the one not used for longest goes first', () => {
  const kept = new KeptAnswers(2);
  kept.put('a', 'a', 1);
  kept.put('b', 'b', 2);
  kept.get('a');
  kept.put('c', 'c', 3);
  expect(kept.get('b')).toBeNull();
  expect(kept.get('a')?.answer).toBe('a');
  expect(kept.get('c')?.answer).toBe('c');
});
