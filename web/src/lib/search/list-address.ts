// What the list shows is in its address; this reads and writes it.
import { readColumns, type ColumnId } from './columns';

export const presets = ['1d', '7d', '30d', 'all'] as const;
export type Preset = (typeof presets)[number];

export type Period = { kind: 'preset'; preset: Preset } | { kind: 'days'; from: string; to: string };

export const sorts = ['started', 'duration', 'activity', 'errors', 'frustration'] as const;
export type Sort = (typeof sorts)[number];

export interface ListAddress {
  project: string | null;
  period: Period;
  cursor: string | null;
  /** Only what this person has not seen. */
  unseen: boolean;
  /** In the text form of `docs/search.md`; empty is none. */
  filter: string;
  sort: Sort;
  ascending: boolean;
  /** Null leaves the choice of columns to whoever looks. */
  columns: ColumnId[] | null;
}

export function readListAddress(query: URLSearchParams): ListAddress {
  return {
    project: query.get('project') || null,
    period: readPeriod(query),
    cursor: query.get('cursor') || null,
    unseen: query.get('unseen') === 'true',
    filter: query.get('filter')?.trim() ?? '',
    sort: sorts.find((known) => known === query.get('sort')) ?? 'started',
    ascending: query.get('order') === 'asc',
    columns: readColumns(query.get('columns')),
  };
}

/** The address, shortest form: what is default is left out. */
export function listHref(address: ListAddress): string {
  const query = new URLSearchParams();
  if (address.project) query.set('project', address.project);
  if (address.period.kind === 'days') {
    query.set('from', address.period.from);
    query.set('to', address.period.to);
  } else if (address.period.preset !== 'all') {
    query.set('range', address.period.preset);
  }
  if (address.unseen) query.set('unseen', 'true');
  if (address.filter) query.set('filter', address.filter);
  if (address.sort !== 'started') query.set('sort', address.sort);
  if (address.ascending) query.set('order', 'asc');
  if (address.columns) query.set('columns', address.columns.join('.'));
  if (address.cursor) query.set('cursor', address.cursor);
  const text = query.toString();
  return text ? `/replays?${text}` : '/replays';
}

/** The same as parameters of the API. */
export function listParameters(address: ListAddress, project_id: number): Record<string, string | number | null> {
  const { period } = address;
  const span: Record<string, string> =
    period.kind === 'days' ? { from: period.from, to: period.to } : { range: period.preset };
  return {
    project_id,
    cursor: address.cursor,
    ...(address.unseen ? { unseen: 'true' } : {}),
    ...(address.filter ? { filter: address.filter } : {}),
    ...(address.sort === 'started' ? {} : { sort: address.sort }),
    ...(address.ascending ? { order: 'asc' } : {}),
    ...span,
  };
}

/**
 * The page of a replay opened from the list. The list's own query goes along, so that the player
 * knows what comes before and after.
 */
export function replayHref(id: string, address: ListAddress | null): string {
  const path = `/replays/${encodeURIComponent(id)}`;
  if (!address) return path;
  const query = listHref({ ...address, cursor: null, columns: null }).split('?')[1];
  return query ? `${path}?${query}` : path;
}

export function isDay(text: string | null): text is string {
  if (!text || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at_ms = Date.parse(`${text}T00:00:00Z`);
  // The parser turns 30 February into March; such a day must not pass.
  return Number.isFinite(at_ms) && new Date(at_ms).toISOString().startsWith(text);
}

function readPeriod(query: URLSearchParams): Period {
  const from = query.get('from');
  const to = query.get('to');
  if (isDay(from) && isDay(to)) {
    return from <= to ? { kind: 'days', from, to } : { kind: 'days', from: to, to: from };
  }
  const preset = presets.find((known) => known === query.get('range')) ?? 'all';
  return { kind: 'preset', preset };
}

// The way from a replay back to where one was in the list. Kept for the tab, not in the address:
// a shared link to a replay has nothing to go back to but the list itself.
let last_list = '/replays';

export function rememberList(href: string): void {
  last_list = href;
}

export function backToList(): string {
  return last_list;
}
