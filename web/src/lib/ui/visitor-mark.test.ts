import { expect, test } from 'vitest';
import { visitorMark } from './visitor-mark';

test('the same name gives the same mark, other names others', () => {
  expect(visitorMark('ada')).toBe(visitorMark('ada'));
  const marks = new Set(Array.from({ length: 200 }, (_, index) => visitorMark(`visitor-${index}`)));
  expect(marks.size).toBeGreaterThan(190);
});

test('every mark is mirrored and inside its box', () => {
  for (const name of ['', 'a', 'someone@example.com']) {
    const cells = new Set([...visitorMark(name).matchAll(/M(\d) (\d)/g)].map(([, x, y]) => `${x},${y}`));
    expect(cells.size).toBeGreaterThan(0);
    for (const place of cells) {
      const [x = 0, y = 0] = place.split(',').map(Number);
      expect(x).toBeLessThan(5);
      expect(cells.has(`${4 - x},${y}`)).toBe(true);
    }
  }
});
