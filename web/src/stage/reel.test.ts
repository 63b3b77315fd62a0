import { expect, test } from 'vitest';
import { kept_bytes } from '../lib/player/stage-protocol';
import { Reel } from './reel';

test('keeps what is little, and lets all of it go when it grows', () => {
  const reel = new Reel();
  reel.start({ from_ms: 5, bytes: new ArrayBuffer(kept_bytes - 10) });
  reel.add({ after_ms: 9, bytes: new ArrayBuffer(10) });
  expect(reel.parts.map((part) => part.after_ms)).toEqual([-Infinity, 9]);
  reel.add({ after_ms: 12, bytes: new ArrayBuffer(1) });
  expect(reel.parts).toEqual([]);
  reel.start({ from_ms: 20, bytes: new ArrayBuffer(1) });
  expect(reel.parts).toHaveLength(1);
});

test('a state that is too long by itself is shown once', () => {
  const reel = new Reel();
  reel.start({ from_ms: 5, bytes: new ArrayBuffer(kept_bytes + 1) });
  expect(reel.parts).toHaveLength(1);
  reel.forgetIfTooLong();
  expect(reel.parts).toEqual([]);
});
