import { expect, test } from 'vitest';
import { issueParameters, issuesHref, readIssueAddress, replayAtHref } from './issue-address';

test('the address and what it means are the same', () => {
  for (const href of ['/issues', '/issues?project=2&query=fruit&sort=users&side=server&range=7d']) {
    expect(issuesHref(readIssueAddress(new URL(href, 'http://x').searchParams))).toBe(href);
  }
  // Nonsense is the default.
  expect(issuesHref(readIssueAddress(new URLSearchParams('sort=colour&side=&range=9y')))).toBe('/issues');
  const address = readIssueAddress(new URLSearchParams('side=page&range=30d'));
  expect(issueParameters(address, 4)).toEqual({ project_id: 4, query: '', sort: 'last_seen', status_side: 'page', range: '30d' });
});

test('a replay opens shortly before the error, and never before its start', () => {
  expect(replayAtHref('a/b', '2026-01-05T08:00:00.000Z', Date.parse('2026-01-05T08:00:10.500Z'))).toBe('/replays/a%2Fb?t=8.5&tab=errors');
  expect(replayAtHref('a', '2026-01-05T08:00:00.000Z', 0)).toBe('/replays/a?t=0.0&tab=errors');
});
