// What the filter bar asks the server. Loaded with the bar, not with the list.
import { api } from '$lib/api/client';
import type { FieldType } from './filter-text';

export interface Suggestion {
  name: string;
  kind: 'field' | 'label' | 'happening' | 'event' | 'named_event' | 'event_property' | 'custom';
  /** Null: what has no value of its own. */
  type: FieldType | null;
  /** As it is written in a filter. */
  filter: string;
}

export interface ValueSuggestion {
  value: string | number | boolean;
  count: number;
  /** As it is written in a filter. */
  text: string;
}

export interface Facet {
  field: string;
  type: FieldType;
  values: { value: string | number | boolean; count: number; filter: string }[];
}

export const namesLike = (project_id: number, prefix: string, signal: AbortSignal) =>
  api.get<{ names: Suggestion[] }>('/api/v1/search/names', { project_id, prefix, limit: 40 }, signal);

export const valuesLike = (project_id: number, field: string, prefix: string, signal: AbortSignal) =>
  api.get<{ values: ValueSuggestion[] }>('/api/v1/search/values', { project_id, field, prefix, limit: 20 }, signal);

export const parseFilter = (project_id: number, text: string) =>
  api.send<{ text: string }>('POST', `/api/v1/search/parse?project_id=${project_id}`, { text });

export const facetsOf = (parameters: Record<string, string | number | null>, signal: AbortSignal) =>
  api.get<{ total: number; facets: Facet[] }>('/api/v1/replays/facets', parameters, signal);

const recent_key = 'reenact.recent-filters';
const max_recent = 8;

export function recentFilters(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(recent_key) ?? '[]');
    return Array.isArray(read) ? read.filter((text) => typeof text === 'string').slice(0, max_recent) : [];
  } catch {
    return [];
  }
}

export function rememberFilter(text: string): void {
  if (!text) return;
  try {
    localStorage.setItem(recent_key, JSON.stringify([text, ...recentFilters().filter((other) => other !== text)].slice(0, max_recent)));
  } catch {
    // Without storage there are no recent ones.
  }
}
