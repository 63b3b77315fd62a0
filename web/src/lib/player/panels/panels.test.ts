import { expect, test } from 'vitest';
import type { ConsoleFact, Fact, MemoryFact, NetworkFact, Replay, Signal, WebVitalFact } from '$lib/api/types';
import { activityLines, lineOf, matches, searchText, textOf } from './activity';
import { foldRepeats, levelOf, valueOf } from './console';
import { asCurl, pathOf, prettyBody, statusText, typeOf, waterfallBar } from './network';
import { latestVitals, memoryPath, ratingOf, vitalPart, vitalText } from './performance';
import { asMarkdown, transcriptLines } from './transcript';

const click = (at_ms: number, more: object = {}): Fact =>
  ({ kind: 'click', at_ms, tab: 0, label: 'Pay now', text: null, selector: 'button', pointer: 'mouse', rage: 0, dead: false, ...more }) as Fact;
const typed = (at_ms: number, node_id: number, length: number): Fact =>
  ({ kind: 'input', at_ms, tab: 0, node_id, label: 'Name', selector: 'input', masked: true, length }) as Fact;
const request = (more: Partial<NetworkFact> = {}): NetworkFact => ({
  kind: 'network', at_ms: 5_000, tab: 0, method: 'GET', url: 'https://api.example/a?b=1', status: 200, duration_ms: 100, start_ms: 5_000,
  initiator: 'fetch', request_headers: {}, response_headers: {}, request_body: null, response_body: null,
  request_size_bytes: null, response_size_bytes: null, failed: false, ...more,
});
const sign = (signal: Signal, more: object) => ({ kind: 'frustration', at_ms: 0, tab: 0, signal, count: 1, ...more }) as Fact;

test.each([
  [click(0), 'Clicked Pay now'],
  [click(0, { pointer: 'touch' }), 'Tapped Pay now'],
  [click(0, { rage: 6 }), 'Rage click ×6 on Pay now'],
  [click(0, { error_after_ms: 300 }), 'Clicked Pay now (an error followed)'],
  [click(0, { slow: true, changed_after_ms: 4_000 }), 'Clicked Pay now (answered after 4 s)'],
  [sign('blank_page', { until_ms: 8_000 }), 'Blank page for 8 s'],
  [sign('quick_back', { until_ms: 2_000, label: 'https://a.test/help' }), 'Went back at once from a.test/help (after 2 s)'],
  [click(0, { dead: true }), 'Dead click on Pay now (nothing changed)'],
  [click(0, { label: null }), 'Clicked button'],
  [{ kind: 'page_view', at_ms: 0, tab: 0, href: 'https://shop.example/done', title: null, via: 'navigation' } as Fact, 'Went to shop.example/done'],
  [typed(0, 1, 1), 'Typed in Name (1 character, masked)'],
])('sentence %#', (fact, text) => {
  expect(textOf(lineOf(fact))).toBe(text);
});

test('typing in one field is one line, and pauses are told', () => {
  const lines = activityLines([click(0), typed(10, 4, 1), typed(20, 4, 2), typed(30, 5, 1)], [{ from_ms: 15, to_ms: 200_015 }]);
  expect(lines.map((line) => [line.at_ms, textOf(line)])).toEqual([
    [0, 'Clicked Pay now'],
    [10, 'Typed in Name (2 characters, masked)'],
    [15, 'Idle for 3 min 20 s'],
    [30, 'Typed in Name (1 character, masked)'],
  ]);
});

test('a tap is told once, as what became of it', () => {
  const touch = (at_ms: number, more: object = {}) => ({ ...click(at_ms, { pointer: 'touch', ...more }), kind: 'touch' }) as Fact;
  const tap = (at_ms: number, more: object = {}) => click(at_ms, { pointer: 'touch', ...more });
  const told = (facts: Fact[]) => activityLines(facts, []).map((line) => `${line.at_ms} ${textOf(line)}`);
  expect(told([touch(0), tap(90, { dead: true })])).toEqual(['90 Dead click on Pay now (nothing changed)']);
  expect(told([touch(0), touch(300), tap(390)])).toEqual(['0 Tapped Pay now', '390 Tapped Pay now']);
  expect(told([touch(0), tap(1_500)])).toHaveLength(2);
  expect(told([touch(0), tap(90, { selector: 'a' })])).toHaveLength(2);
  expect(told([touch(0), click(90)])).toHaveLength(2);
});

test('a filter finds words in any order, also in properties', () => {
  const line = lineOf({ kind: 'event', at_ms: 0, tab: 0, event_type: 'Order placed', generated_name: null, properties: { city: 'Graz' } });
  expect(matches(searchText(line), 'graz ORDER')).toBe(true);
  expect(matches(searchText(line), 'graz refund')).toBe(false);
});

test('an event that an SDK captured by itself is told by its generated name, and found by both', () => {
  const event = { kind: 'event', at_ms: 5, tab: 0, event_type: '$autocapture', generated_name: 'Clicked "Pay now"', properties: {} } as const;
  const line = lineOf(event);
  expect([textOf(line).trim(), line.group]).toEqual(['Clicked "Pay now"', 'events']);
  expect(matches(searchText(line), 'autocapture pay')).toBe(true);
  // Beside the click that the recording shows, whoever told first.
  expect(activityLines([click(7), event], []).map((it) => it.at_ms)).toEqual([5, 7]);
});

test('console: repeats fold only in a row and at one level', () => {
  const log = (message: string, level = 'log') => ({ kind: 'console', at_ms: 0, tab: 0, level, message, args: [], stack: [] }) as ConsoleFact;
  const lines = foldRepeats([log('a'), log('a'), log('a', 'error'), log('b'), log('a')]);
  expect(lines.map((line) => `${line.level} ${line.message} ${line.count}`)).toEqual(['log a 2', 'error a 1', 'log b 1', 'log a 1']);
  const error = (source: string) => ({ kind: 'error', at_ms: 0, tab: 0, name: 'TypeError', message: 'no', stack: [], source, event_id: null }) as Fact & { kind: 'error' };
  expect(foldRepeats([error('console'), error('backend')]).map((line) => `${line.level} ${line.message}`)).toEqual(['error Uncaught TypeError: no']);
  expect(['warning', 'ASSERT', 'trace', 'dir'].map(levelOf)).toEqual(['warn', 'error', 'debug', 'log']);
  expect(valueOf('{"a":1}')).toEqual({ a: 1 });
  expect(valueOf('plain')).toBe('plain');
});

test('network: words for what came back', () => {
  expect(statusText(request())).toBe('200 OK');
  expect(statusText(request({ status: 418 }))).toBe('418');
  expect(statusText(request({ status: 0, failed: true }))).toBe('No answer');
  expect(statusText(request({ status: null }))).toBe('Pending');
  expect(pathOf('https://api.example/a?b=1')).toEqual({ path: '/a?b=1', host: 'api.example' });
  expect(pathOf('nonsense')).toEqual({ path: 'nonsense', host: '' });
  expect(typeOf(request({ initiator: 'img', url: 'https://x.example/a' }))).toBe('image');
  expect(typeOf(request({ initiator: null, url: 'https://x.example/a.woff2?v=1' }))).toBe('font');
});

test('network: bars stay inside the session', () => {
  const span = { from_ms: 0, to_ms: 10_000 };
  expect(waterfallBar(request({ start_ms: 5_000, duration_ms: 1_000 }), span)).toEqual({ left: 0.5, width: 0.1 });
  expect(waterfallBar(request({ start_ms: 9_000, duration_ms: 90_000 }), span)).toEqual({ left: 0.9, width: expect.closeTo(0.1) });
  expect(waterfallBar(request({ start_ms: -500, duration_ms: null }), span)).toEqual({ left: 0, width: 0 });
});

test('cURL survives quotes and leaves out what must not be copied', () => {
  const command = asCurl(request({ method: 'POST', request_headers: { 'Content-Type': 'application/json', Host: 'x', ':path': '/' }, request_body: `{"who":"o'neil"}` }));
  expect(command).toBe(
    [`curl 'https://api.example/a?b=1'`, `-X 'POST'`, `-H 'Content-Type: application/json'`, `--data-raw '{"who":"o'\\''neil"}'`].join(' \\\n  '),
  );
  expect(asCurl(request())).toBe(`curl 'https://api.example/a?b=1'`);
  expect(prettyBody('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyBody('a=1')).toBe('a=1');
});

test('vitals: ratings, scale and the latest of each', () => {
  const vital = (name: string, value: number, rating = '') => ({ kind: 'web_vital', at_ms: 0, tab: 0, name, value, rating }) as WebVitalFact;
  expect(ratingOf(vital('LCP', 2_000))).toBe('good');
  expect(ratingOf(vital('CLS', 0.2))).toBe('needs improvement');
  expect(ratingOf(vital('INP', 900))).toBe('poor');
  expect(ratingOf(vital('LCP', 1, 'needs-improvement'))).toBe('needs improvement');
  expect(ratingOf(vital('XYZ', 1))).toBeNull();
  expect(vitalText('LCP', 1_840)).toBe('1.84 s');
  expect(vitalText('CLS', 0.1)).toBe('0.10');
  expect(vitalPart('LCP', 2_500)).toBe(0.5);
  expect(vitalPart('LCP', 4_000)).toBeCloseTo(0.8);
  expect(vitalPart('LCP', 90_000)).toBe(1);
  expect(latestVitals([vital('CLS', 0.1), vital('XYZ', 1), vital('LCP', 1), vital('CLS', 0.3)]).map(({ name, value }) => `${name} ${value}`)).toEqual(['LCP 1', 'CLS 0.3', 'XYZ 1']);
});

test('memory line fits its box', () => {
  const memory = (at_ms: number, used_bytes: number) => ({ kind: 'memory', at_ms, tab: 0, used_bytes, total_bytes: 0 }) as MemoryFact;
  expect(memoryPath([memory(0, 50), memory(100, 100)], { from_ms: 0, to_ms: 100 }, 200, 42)).toEqual({ path: 'M0.0 21.0L200.0 1.0', most_bytes: 100 });
  expect(memoryPath([], { from_ms: 0, to_ms: 100 }, 200, 42).path).toBe('');
});

test('transcript tells the page, what was done and what was seen', () => {
  const shown: Fact = { kind: 'text', at_ms: 5, tab: 0, text: 'Thank you', node_id: 1, until_ms: 9 };
  const lines = transcriptLines([click(3), shown], []);
  expect(lines.map((line) => line.text)).toEqual(['Clicked Pay now.', 'The page shows “Thank you”.']);
  const replay = { user_id: 'maria', duration_ms: 61_000, browser: 'Chrome', os: null, country: 'AT' } as Replay;
  expect(asMarkdown(replay, lines, 0, 'https://r.example/1')).toBe('**[Replay of maria](https://r.example/1)**, 1 min 1 s, Chrome, AT\n\n- 0:00 Clicked Pay now.');
});
