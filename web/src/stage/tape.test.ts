import { expect, test } from 'vitest';
import { fromLastSnapshot, isEvent, splitState, Tape, withSize, type RecordedEvent } from './tape';

const change = (timestamp: number): RecordedEvent => ({ type: 3, timestamp, data: { source: 0 } });
const moves = (timestamp: number, ...offsets: number[]): RecordedEvent => ({
  type: 3,
  timestamp,
  data: { source: 1, positions: offsets.map((timeOffset) => ({ x: -timeOffset, y: 0, id: 1, timeOffset })) },
});
const times = (events: RecordedEvent[]) => events.map((event) => event.timestamp);

test('events leave the tape when they are due, each once', () => {
  const tape = new Tape();
  tape.append([change(10), change(20), change(20), change(30)]);
  expect(times(tape.takeUntil(20))).toEqual([10, 20, 20]);
  expect(times(tape.takeUntil(20))).toEqual([]);
  expect(times(tape.takeUntil(100))).toEqual([30]);
  expect(tape.length).toBe(0);
});

test('a batch of movements is played point by point, between what happened meanwhile', () => {
  const tape = new Tape();
  tape.append([change(600), moves(1_000, -500, -300, 0)]);
  expect(times(tape.takeUntil(2_000))).toEqual([500, 600, 700, 1_000]);
});

test('points that lie before the end of the tape are not lost', () => {
  const tape = new Tape();
  tape.append([change(900)]);
  tape.append([moves(1_000, -500, 0)]);
  expect(times(tape.takeUntil(2_000))).toEqual([900, 900, 1_000]);
});

test('what was played does not stay in memory', () => {
  const tape = new Tape();
  for (let part = 0; part < 50; part += 1) {
    tape.append(Array.from({ length: 1_000 }, (_, index) => change(part * 1_000 + index)));
    expect(tape.takeUntil(part * 1_000 + 999)).toHaveLength(1_000);
    expect(tape.length).toBe(0);
  }
});

test('steps go to changes, not to movements', () => {
  const tape = new Tape();
  tape.append([change(10), moves(15, 0), change(20), change(40)]);
  tape.takeUntil(20);
  expect(tape.changeBefore(20)).toBe(10);
  expect(tape.changeBefore(10)).toBeNull();
  expect(tape.changeAfter(20)).toBe(40);
  expect(tape.changeAfter(40)).toBeNull();
});

test('a jump starts at the last snapshot and the size before it', () => {
  const event = (type: number, timestamp: number): RecordedEvent => ({ type, timestamp, data: {} });
  const all = [event(4, 1), event(2, 2), change(3), event(4, 4), event(2, 5), change(6)];
  expect(times(fromLastSnapshot(all))).toEqual([4, 5, 6]);
  expect(times(fromLastSnapshot([change(1), change(2)]))).toEqual([1, 2]);
});

test('the picture of a moment before the first snapshot is that snapshot', () => {
  const event = (type: number, timestamp: number): RecordedEvent => ({ type, timestamp, data: {} });
  const split = (events: RecordedEvent[], at_ms: number) => {
    const { state, following } = splitState(events, at_ms);
    return [times(state), times(following)];
  };
  expect(split([event(4, 10), event(2, 10), change(10), change(12)], 10)).toEqual([[10, 10, 10], [12]]);
  expect(split([event(4, 10), event(2, 51), change(60)], 10)).toEqual([[10, 51], [60]]);
  expect(split([event(4, 10), event(2, 10)], 10)).toEqual([[10, 10], []]);
  expect(split([change(10)], 10)).toEqual([[10], []]);
});

test('what is no event is told from what is', () => {
  const odd = [null, 4, 'x', {}, { type: 3, timestamp: 5, data: null }, { type: 3, timestamp: NaN, data: {} }, { type: '3', timestamp: 5, data: {} }];
  expect(odd.filter(isEvent)).toEqual([]);
  expect(isEvent({ type: 42, timestamp: 5, data: {} })).toBe(true);
});

test('a page always has a size', () => {
  const sizes = (events: RecordedEvent[]) => events.filter((event) => event.type === 4).map((event) => [event.data['width'], event.data['height']]);
  const meta = (width: number, height: number): RecordedEvent => ({ type: 4, timestamp: 1, data: { width, height } });
  const snapshot: RecordedEvent = { type: 2, timestamp: 2, data: {} };
  expect(sizes(withSize([meta(800, 600), snapshot], { width: 5, height: 5 }))).toEqual([[800, 600]]);
  expect(sizes(withSize([meta(0, 600), snapshot], { width: 500, height: 400 }))).toEqual([[500, 400]]);
  expect(sizes(withSize([snapshot], undefined))).toEqual([[1280, 800]]);
  expect(sizes(withSize([snapshot], { width: 0, height: 0 }))).toEqual([[1280, 800]]);
});
