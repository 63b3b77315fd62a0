import { expect, test } from 'vitest';
import { listParametersOf, readReplayAddress, replayHref, shareLink } from './replay-address';

test('the list rides along, the player keeps its own', () => {
  const address = readReplayAddress(new URLSearchParams('range=7d&t=133.4&project=p1&tab=network&unseen=true'));
  expect(address.start_offset_ms).toBe(133_400);
  expect(address.panel).toBe('network');
  expect(address.list_query.toString()).toBe('range=7d&project=p1&unseen=true');
  expect(replayHref('a/b', address.list_query)).toBe('/replays/a%2Fb?range=7d&project=p1&unseen=true');
  expect(listParametersOf(address.list_query)).toEqual({ range: '7d', project_id: 'p1', unseen: 'true' });
});

test('a shared link is short', () => {
  expect(shareLink('https://r.example', 'x1', 5_000)).toBe('https://r.example/replays/x1?t=5');
  expect(shareLink('https://r.example', 'x1', null)).toBe('https://r.example/replays/x1');
});
