import { describe, expect, it } from 'vitest';
import { readOccurs, writeOccurs } from './filter-occurs';

describe('how often something happened', () => {
  it('is read in parts and written as it was', () => {
    for (const text of [
      'click()',
      'event(Bought) count >= 2 at last 7 days',
      'event("Order ) Completed", total > 5) sum(total) >= 99.5 sum(total) <= 200',
      'event(Bought) distinct("plan b") = 2 nth = 1',
      'event(Bought) days(count >= 2) >= 3 weeks = 1',
      'event(Bought) at last 7 days days >= 3 at last 2 months',
      'click(text = "Pay now") count > 0.5 * page(url contains "(x)") first < 30s',
      'event() at from 2026-01-01 to 2026-01-31 last > 5m',
      'request(status >= 500) last > 1h',
    ]) {
      const read = readOccurs(text);
      expect(read && writeOccurs(read.head, read.parts)).toBe(text);
    }
  });

  it('knows the parts of each', () => {
    expect(readOccurs('event(Bought, count = 3) sum("a b") from 1 to 2 at last 6 weeks')).toEqual({
      head: 'event(Bought, count = 3)',
      parts: [
        { kind: 'sum', inside: '"a b"', sign: 'from', value: '1 to 2' },
        { kind: 'at', inside: '', sign: 'last', value: '6 weeks' },
      ],
    });
    expect(readOccurs('event(Bought) days(count >= 2) >= 3')?.parts).toEqual([{ kind: 'days', inside: 'count >= 2', sign: '>=', value: '3' }]);
  });

  it('is nothing of other conditions, or of what is half typed', () => {
    for (const text of ['', 'browser = Chrome', 'text = "event()"', 'event(Bought', 'event(Bought) count', 'cohort']) {
      expect(readOccurs(text)).toBeNull();
    }
  });
});
