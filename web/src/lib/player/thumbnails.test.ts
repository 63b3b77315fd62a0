import { expect, test } from 'vitest';
import { DrawingQueue, KeptFrames } from './thumbnails';

const signal = () => new AbortController().signal;

test('only so many draw at once, in order', async () => {
  const queue = new DrawingQueue(2);
  const order: string[] = [];
  const take = async (name: string) => {
    const done = await queue.take(signal());
    order.push(name);
    return done;
  };
  const [a, b] = await Promise.all([take('a'), take('b')]);
  const c = take('c');
  const d = take('d');
  await Promise.resolve();
  expect(order).toEqual(['a', 'b']);
  b?.();
  b?.();
  await c;
  expect(order).toEqual(['a', 'b', 'c']);
  a?.();
  await d;
  expect(order).toEqual(['a', 'b', 'c', 'd']);
});

test('who scrolls away gives up the place', async () => {
  const queue = new DrawingQueue(1);
  const first = await queue.take(signal());
  const leaving = new AbortController();
  const left = queue.take(leaving.signal);
  const stays = queue.take(signal());
  leaving.abort();
  expect(await left).toBeNull();
  first?.();
  expect(await stays).not.toBeNull();
});

test('frames used longest ago are let go', () => {
  const kept = new KeptFrames(2);
  const gone: string[] = [];
  const [a, b, c] = [{}, {}, {}];
  kept.use(a, () => gone.push('a'));
  kept.use(b, () => gone.push('b'));
  kept.use(a, () => gone.push('a'));
  kept.use(c, () => gone.push('c'));
  expect(gone).toEqual(['b']);
  kept.forget(a);
  kept.use(b, () => gone.push('b'));
  expect(gone).toEqual(['b']);
});
