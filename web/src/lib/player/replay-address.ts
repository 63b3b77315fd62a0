import { msToSeconds, secondsToMs } from '$lib/format/duration';

/** The player's own part of the address; everything else in it belongs to the list. */
const own = ['t', 'tab', 'row'];

export interface ReplayAddress {
  start_offset_ms: number | null;
  panel: string | null;
  row: string | null;
  list_query: URLSearchParams;
}

export function readReplayAddress(query: URLSearchParams): ReplayAddress {
  const list_query = new URLSearchParams(query);
  for (const name of own) list_query.delete(name);
  return {
    start_offset_ms: secondsToMs(query.get('t')),
    panel: query.get('tab'),
    row: query.get('row'),
    list_query,
  };
}

export function replayHref(id: string | null, list_query: URLSearchParams): string {
  const query = list_query.toString();
  return `/replays/${encodeURIComponent(id ?? '')}${query ? `?${query}` : ''}`;
}

/** For somebody else: without the list one came from, which is nobody's business. */
export function shareLink(origin: string, id: string, offset_ms: number | null): string {
  const time = offset_ms === null ? '' : `?t=${msToSeconds(offset_ms)}`;
  return `${origin}/replays/${encodeURIComponent(id)}${time}`;
}

/** What `neighbours` wants to know: the list's parameters in the words of the API. */
export function listParametersOf(list_query: URLSearchParams): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const [name, value] of list_query) {
    // The page of the list says nothing about the neighbours, which columns are shown neither.
    if (name !== 'cursor' && name !== 'columns') parameters[name === 'project' ? 'project_id' : name] = value;
  }
  return parameters;
}
