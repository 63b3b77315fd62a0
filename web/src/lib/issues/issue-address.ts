// What the list of issues shows is in its address.

export const sorts = ['last_seen', 'first_seen', 'events', 'users'] as const;
export type Sort = (typeof sorts)[number];

export const sides = ['all', 'page', 'server'] as const;
export type Side = (typeof sides)[number];

export const ranges = ['1d', '7d', '30d', 'all'] as const;
export type Range = (typeof ranges)[number];

export interface IssueAddress {
  project: string | null;
  query: string;
  sort: Sort;
  side: Side;
  range: Range;
}

const oneOf = <T extends string>(known: readonly T[], value: string | null, otherwise: T): T => known.find((one) => one === value) ?? otherwise;

export function readIssueAddress(query: URLSearchParams): IssueAddress {
  return {
    project: query.get('project') || null,
    query: query.get('query') ?? '',
    sort: oneOf(sorts, query.get('sort'), 'last_seen'),
    side: oneOf(sides, query.get('side'), 'all'),
    range: oneOf(ranges, query.get('range'), 'all'),
  };
}

/** The address, shortest form: what is default is left out. */
export function issuesHref({ project, query, sort, side, range }: IssueAddress): string {
  const parameters = new URLSearchParams();
  if (project) parameters.set('project', project);
  if (query) parameters.set('query', query);
  if (sort !== 'last_seen') parameters.set('sort', sort);
  if (side !== 'all') parameters.set('side', side);
  if (range !== 'all') parameters.set('range', range);
  const text = parameters.toString();
  return text ? `/issues?${text}` : '/issues';
}

/** The same as parameters of the API. */
export function issueParameters(address: IssueAddress, project_id: number): Record<string, string | number | null> {
  return {
    project_id,
    query: address.query,
    sort: address.sort,
    status_side: address.side === 'all' ? null : address.side,
    range: address.range === 'all' ? null : address.range,
  };
}

/** A replay at the moment of an error, a little before it. */
export function replayAtHref(id: string, started_at: string, at_ms: number): string {
  const seconds = Math.max(0, (at_ms - Date.parse(started_at)) / 1000 - 2);
  return `/replays/${encodeURIComponent(id)}?t=${seconds.toFixed(1)}&tab=errors`;
}
