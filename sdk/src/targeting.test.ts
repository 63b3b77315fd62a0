import { describe, expect, test } from 'vitest';
import { murmur3, Targeting, type Condition } from './targeting';

const ids = { session: 'session-1', device: 'device-1' };
const one = (selector: string, op: string, ...values: string[]): Condition => ({
  selector: ['context', ...selector.split('/')],
  op,
  values,
});
const on = (...conditions: Condition[][]) => new Targeting({ segments: [{ conditions, variant: 'on' }] }, ids);

test('murmur3 gives the published values', () => {
  expect(murmur3('')).toBe(0);
  expect(murmur3('test')).toBe(0xba6bd213);
  expect(murmur3('Hello, world!')).toBe(0xc0363e43);
  expect(murmur3('The quick brown fox jumps over the lazy dog')).toBe(0x2e4ff723);
});

describe('conditions', () => {
  const event = { event_type: 'Buy', event_properties: { total: 7, version: '1.10.0', tags: ['a', 'b'], sure: true } };
  test.each<[string, string, string[], boolean]>([
    ['total', 'is', ['7'], true],
    ['total', 'is not', ['7'], false],
    ['total', 'less', ['10'], true],
    ['total', 'less', ['7'], false],
    ['total', 'less or equal', ['7'], true],
    ['total', 'greater', ['6.5'], true],
    ['total', 'greater or equal', ['8'], false],
    ['version', 'version greater', ['1.9'], true],
    ['version', 'greater', ['1.9'], false],
    ['version', 'version less or equal', ['1.10'], true],
    ['version', 'contains', ['.10.'], true],
    ['version', 'does not contain', ['.10.'], false],
    ['version', 'regex match', ['^1\\.'], true],
    ['version', 'regex match', ['('], false],
    ['version', 'regex does not match', ['^1\\.'], false],
    ['tags', 'set contains', ['a'], true],
    ['tags', 'set contains', ['a', 'c'], false],
    ['tags', 'set contains any', ['c', 'b'], true],
    ['tags', 'set is', ['b', 'a'], true],
    ['tags', 'set is not', ['b', 'a'], false],
    ['tags', 'set does not contain', ['c'], true],
    ['tags', 'set does not contain any', ['c'], true],
    ['sure', 'is', ['TRUE'], true],
    ['absent', 'is', ['(none)'], true],
    ['absent', 'is not', ['x'], true],
    ['absent', 'greater', ['0'], false],
    ['total', 'no such operator', ['7'], false],
  ])('%s %s %j: %s', (name, op, values, holds) => {
    expect(on([one('event/event_properties/' + name, op, ...values)]).take({ event })).toBe(holds);
  });
});

test('the outer list is OR, the inner one AND, and what was seen stays known', () => {
  const isBuy = one('event/event_type', 'is', 'Buy');
  const isPro = one('user/plan', 'is', 'pro');
  const atShop = one('page/url', 'contains', '/shop');
  const saw = one('event_types', 'set contains', 'Look');
  const targeting = () => on([isBuy, isPro], [atShop, saw]);
  const buy = { event: { event_type: 'Buy' } };
  expect(targeting().take(buy)).toBe(false);
  const known = targeting();
  expect(known.take({ user: { plan: 'pro' } })).toBe(false);
  expect(known.take(buy)).toBe(true);
  const page = targeting();
  expect(page.take({ event: { event_type: 'Look' } })).toBe(false);
  expect(page.take({ url: 'https://a.test/shop' })).toBe(true);
});

test('each segment has its own share of sessions', () => {
  const share = (percent: number) => ({
    selector: ['context', 'session_id'],
    salt: 'x',
    allocations: [{ range: [0, percent] as [number, number], distributions: [{ variant: 'on', range: [0, 42_949_673] as [number, number] }] }],
  });
  const segments = [
    { conditions: [[one('page/url', 'contains', 'rare')]], bucket: share(10) },
    { conditions: [[one('page/url', 'contains', 'common')]], bucket: share(80) },
  ];
  const sharesAt = (url: string) => {
    let chosen = 0;
    for (let session = 0; session < 2_000; session++) {
      if (new Targeting({ segments }, { ...ids, session: String(session) }).take({ url })) chosen++;
    }
    return chosen / 2_000;
  };
  expect(sharesAt('rare')).toBeGreaterThan(0.07);
  expect(sharesAt('rare')).toBeLessThan(0.13);
  expect(sharesAt('common')).toBeGreaterThan(0.76);
  expect(sharesAt('common')).toBeLessThan(0.84);
  expect(sharesAt('other')).toBe(0);
});
