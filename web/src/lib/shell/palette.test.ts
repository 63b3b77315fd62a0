import { expect, test } from 'vitest';
import { matchScore, pick, replayTarget, type Entry } from './palette';

const entry = (name: string, detail?: string): Entry => ({ id: name, kind: 'Go to', name, detail });

test('every typed word must be found; starts count most', () => {
  expect(matchScore('Project settings', 'proj')).toBeGreaterThan(matchScore('All projects', 'proj'));
  expect(matchScore('All projects', 'proj')).toBeGreaterThan(matchScore('Reproject', 'proj'));
  expect(matchScore('Project settings', 'proj tokens')).toBe(0);
  expect(matchScore('Command palette', 'cmp')).toBe(1);
  expect(matchScore('Replays', 'z')).toBe(0);
});

test('names win over details, and without typing all are there in order', () => {
  const entries = [entry('Home'), entry('ada', 'shop.example/settings'), entry('Settings')];
  expect(pick(entries, '').map(({ name }) => name)).toEqual(['Home', 'ada', 'Settings']);
  expect(pick(entries, 'settings').map(({ name }) => name)).toEqual(['Settings', 'ada']);
  expect(pick(entries, 'nothing like it')).toEqual([]);
});

const origin = 'https://replay.example';

test('a pasted link of this server leads to the replay and its moment', () => {
  expect(replayTarget(`${origin}/replays/abc?t=5`, origin)).toEqual({ id: 'abc', href: '/replays/abc?t=5' });
  expect(replayTarget(' /replays/a%2Fb ', origin)).toEqual({ id: 'a/b', href: '/replays/a%2Fb' });
});

test('a link elsewhere is no replay', () => {
  expect(replayTarget('https://other.example/replays/abc', origin)).toBeNull();
  expect(replayTarget('//other.example/replays/abc', origin)).toBeNull();
  expect(replayTarget(`${origin}/settings`, origin)).toBeNull();
  expect(replayTarget('https://', origin)).toBeNull();
});

test('an id is recognised by its form', () => {
  const id = 'abcdefghijklmnopqrstuv2345';
  expect(replayTarget(id, origin)).toEqual({ id, href: `/replays/${id}` });
  expect(replayTarget('settings', origin)).toBeNull();
  expect(replayTarget(`${id}9`, origin)).toBeNull();
});
