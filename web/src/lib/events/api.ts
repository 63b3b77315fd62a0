// Named events, as the server knows them. Loaded with what shows them.
import type { EventMatcher, NamedEvent, Operations } from '@reenact/client/schema';
import { withQuery } from '$lib/api/addresses';
import { api } from '$lib/api/client';

export type { EventMatcher, NamedEvent };
export type Counted = Operations['POST /api/v1/named-events/count']['answer'];

const path = (project_id: number, more = '') => withQuery(`/api/v1/named-events${more}`, { project_id });

export const namedEvents = (project_id: number, signal?: AbortSignal) =>
  api.get<Operations['GET /api/v1/named-events']['answer']>('/api/v1/named-events', { project_id }, signal);
export const addNamedEvent = (project_id: number, body: Pick<NamedEvent, 'name' | 'matchers'>) =>
  api.send<NamedEvent>('POST', path(project_id), body);
export const changeNamedEvent = (project_id: number, { id, name, matchers }: Pick<NamedEvent, 'id' | 'name' | 'matchers'>) =>
  api.send<NamedEvent>('PUT', path(project_id, `/${id}`), { name, matchers });
export const deleteNamedEvent = (project_id: number, id: number) => api.send<void>('DELETE', path(project_id, `/${id}`));
export const countMatchers = (project_id: number, matchers: EventMatcher[]) =>
  api.send<Counted>('POST', path(project_id, '/count'), { matchers });

/** The condition with which a filter asks for it. */
export const filterOf = (name: string) => `event("${name.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}")`;

export function countedText({ count, days, last_seen_on }: Counted): string {
  const events = count === 1 ? '1 event' : `${count.toLocaleString('en')} events`;
  const last = last_seen_on === null ? 'none within a year' : `last on ${last_seen_on}`;
  return `${events} in the last ${days} days, ${last}`;
}
