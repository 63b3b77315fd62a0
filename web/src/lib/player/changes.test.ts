import { expect, test } from 'vitest';
import { changeFrom } from './changes';

const chunks = [
  { from_ms: 0, to_ms: 100 },
  { from_ms: 100, to_ms: 200 },
  { from_ms: 500, to_ms: 600 },
];
const times = [10, 50, 550];

function recording() {
  const asked: string[] = [];
  const fetch = async (from_ms: number, to_ms: number) => {
    asked.push(`${from_ms}-${to_ms}`);
    const inside = times.filter((time) => time >= from_ms && time < to_ms);
    const move = { type: 3, timestamp: from_ms, data: { source: 1, positions: [] } };
    const list = [move, ...inside.map((timestamp) => ({ type: 3, timestamp, data: { source: 0 } }))];
    return new TextEncoder().encode(JSON.stringify(list)).buffer as ArrayBuffer;
  };
  return { asked, fetch };
}

test.each([
  [10, 1, 50, ['11-100']],
  [50, 1, 550, ['51-100', '100-200', '500-600']],
  [550, 1, null, ['551-600']],
  [550, -1, 50, ['500-550', '100-200', '0-100']],
  [50, -1, 10, ['0-50']],
  [10, -1, null, ['0-10']],
  [300, -1, 50, ['100-200', '0-100']],
] as const)('from %i in direction %i', async (at_ms, direction, found_ms, spans) => {
  const { asked, fetch } = recording();
  expect(await changeFrom(chunks, at_ms, direction, fetch)).toBe(found_ms);
  expect(asked).toEqual(spans);
});
