// From what the list shows to a saved search, and back.
import { readColumns } from '$lib/search/columns';
import { isDay, listHref, presets, sorts, type ListAddress, type Period } from '$lib/search/list-address';
import type { CohortDefinition, SearchDefinition } from './api';

export function definitionOf({ filter, sort, ascending, period, columns }: ListAddress): SearchDefinition {
  const days = period.kind === 'days' ? period : null;
  return {
    filter,
    sort,
    order: ascending ? 'asc' : 'desc',
    range: period.kind === 'preset' ? period.preset : null,
    from: days?.from ?? null,
    to: days?.to ?? null,
    columns: [...(columns ?? [])],
  };
}

/** What the list does not know, because a program wrote it, is left at its default. */
export function searchHref(search: SearchDefinition, project: string | null): string {
  const period: Period =
    isDay(search.from) && isDay(search.to)
      ? { kind: 'days', from: search.from, to: search.to }
      : { kind: 'preset', preset: presets.find((known) => known === search.range) ?? 'all' };
  return listHref({
    project,
    period,
    cursor: null,
    unseen: false,
    filter: search.filter,
    sort: sorts.find((known) => known === search.sort) ?? 'started',
    ascending: search.order === 'asc',
    columns: readColumns(search.columns.join('.')),
  });
}

/** Where a cohort of the users of a list is made. */
export function newCohortHref(address: ListAddress): string {
  const { filter, range, from, to } = definitionOf(address);
  const query = new URLSearchParams({ new: 'filter', filter });
  for (const [name, value] of Object.entries({ project: address.project, range, from, to })) {
    if (value) query.set(name, value);
  }
  return `/cohorts?${query}`;
}

/** The replays of the users of a cohort. */
export function cohortHref(name: string, project: string | null): string {
  return searchHref({ ...definitionOf(everything), filter: cohortFilter(name) }, project);
}

export function cohortFilter(name: string): string {
  return `cohort("${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}")`;
}

/** In a sentence. */
export function definitionText(definition: CohortDefinition): string {
  if (definition.kind === 'list') return 'A list';
  const filter = definition.filter || 'everything';
  return definition.together === 'user' ? `All that they did: ${filter}` : filter;
}

const everything: ListAddress = {
  project: null,
  period: { kind: 'preset', preset: 'all' },
  cursor: null,
  unseen: false,
  filter: '',
  sort: 'started',
  ascending: false,
  columns: null,
};
