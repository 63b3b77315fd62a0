import { describe, expect, it } from 'vitest';
import type { SearchDefinition } from '@reenact/client/schema';
import { readListAddress } from '$lib/search/list-address';
import { cohortFilter, cohortHref, definitionOf, newCohortHref, searchHref } from './saved';

const read = (href: string) => readListAddress(new URL(href, 'http://x').searchParams);

describe('a saved search', () => {
  it('opens the list that it was made of', () => {
    for (const href of [
      '/replays',
      '/replays?range=7d&filter=browser+%3D+Chrome&sort=errors&order=asc&columns=user.duration',
      '/replays?project=3&from=2026-01-01&to=2026-01-31',
    ]) {
      const address = read(href);
      expect(read(searchHref(definitionOf(address), address.project))).toEqual(address);
    }
  });

  it('leaves out what the list does not know', () => {
    const search = { filter: '', sort: 'x', order: null, range: '9d', from: 'a', to: null, columns: ['nope'] };
    expect(searchHref(search as unknown as SearchDefinition, null)).toBe('/replays');
  });
});

describe('a cohort', () => {
  it('is made of the filter and the time of a list', () => {
    const query = new URL(newCohortHref(read('/replays?project=2&range=7d&filter=os+%3D+x')), 'http://x').searchParams;
    expect(Object.fromEntries(query)).toEqual({ new: 'filter', filter: 'os = x', project: '2', range: '7d' });
  });

  it('is named in a filter whatever its name', () => {
    expect(cohortFilter('Say "hi" \\ 5')).toBe('cohort("Say \\"hi\\" \\\\ 5")');
    expect(read(cohortHref('VIP', '2')).filter).toBe('cohort("VIP")');
  });
});
