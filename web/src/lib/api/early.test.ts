import { afterEach, expect, test, vi } from 'vitest';
import { takeEarly } from './early';

const answer = (status = 200) => Promise.resolve(new Response('{}', { status }));

function asked(answers: Record<string, Promise<Response>>): void {
  vi.stubGlobal('window', { reenact_early: { asked_ms: 0, answers: new Map(Object.entries(answers)) } });
}

afterEach(() => vi.unstubAllGlobals());

test('an early answer is taken once', async () => {
  asked({ '/a': answer() });
  expect(await takeEarly('/b', 5)).toBeNull();
  expect((await takeEarly('/a', 5))?.status).toBe(200);
  expect(await takeEarly('/a', 5)).toBeNull();
});

test('failures and what is old are asked for again', async () => {
  asked({ '/refused': answer(401), '/failed': Promise.reject(new TypeError('no network')), '/old': answer() });
  expect(await takeEarly('/refused', 5)).toBeNull();
  expect(await takeEarly('/failed', 5)).toBeNull();
  expect(await takeEarly('/old', 60_000)).toBeNull();
});

test('without the early script everything is asked for as ever', async () => {
  vi.stubGlobal('window', {});
  expect(await takeEarly('/a')).toBeNull();
});
