// Deletion, retention and the audit, as the server knows them. Loaded with the parts of the app
// that show them.
import { withQuery } from '$lib/api/addresses';
import { api } from '$lib/api/client';
import type { ListAddress } from '$lib/search/list-address';

/** What to delete: exactly one of these. */
export type Target = { replay_ids: readonly string[] } | { search: Search } | { user_id: string };

/** What the list shows. */
export interface Search {
  filter?: string;
  range?: string;
  from?: string;
  to?: string;
  unseen?: boolean;
  keep_pinned?: boolean;
  /** What is being recorded. */
  keep_live?: boolean;
  /** With another number the server deletes nothing. */
  expected_replays?: number;
}

/** What a search would delete, and what it found and leaves alone. */
export interface Matching {
  replays: number;
  kept_pinned: number;
  kept_live: number;
}

export interface Deletion {
  id: number;
  project_id: number;
  kind: 'replays' | 'user' | 'project' | 'expiry';
  /** The same for the same target; says nothing about whose data it was. */
  target_hash: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  /** Null: the server, for what has expired. */
  requested_by: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error: string | null;
  replays: { total: number; left: number };
  /** By kind; what there was none of may be missing. */
  deleted: Record<string, number>;
}

export interface AuditEntry {
  id: number;
  project_id: number;
  at: string;
  /** Null: the server. */
  user_id: number | null;
  action: string;
  detail: Record<string, unknown>;
}

export const page_size = 25;

/** All pages of the list, in whatever order. */
export function searchOf({ filter, period, unseen }: ListAddress): Search {
  const span = period.kind === 'days' ? { from: period.from, to: period.to } : { range: period.preset };
  return { ...span, ...(filter ? { filter } : {}), ...(unseen ? { unseen } : {}) };
}

export const startDeletion = (project_id: number, target: Target) =>
  api.send<Deletion>('POST', '/api/v1/deletions', { project_id, ...target });
export const previewDeletion = (project_id: number, search: Search) =>
  api.send<Matching>('POST', '/api/v1/deletions/preview', { project_id, search });
export const deletion = (id: number, signal?: AbortSignal) => api.get<Deletion>(`/api/v1/deletions/${id}`, {}, signal);
export const deletions = (cursor: number | null, signal?: AbortSignal) =>
  api.get<{ deletions: Deletion[]; next_cursor: number | null }>('/api/v1/deletions', { limit: page_size, cursor }, signal);
export const audit = (cursor: number | null, signal?: AbortSignal) =>
  api.get<{ entries: AuditEntry[]; next_cursor: number | null }>('/api/v1/audit', { limit: page_size, cursor }, signal);
export const changeRetention = (project_id: number, retention_days: number) =>
  api.send<{ retention_days: number }>('PATCH', `/api/v1/projects/${project_id}`, { retention_days });
export const applyRetention = (project_id: number) =>
  api.send<{ retention_days: number; replays_changed: number }>('POST', `/api/v1/projects/${project_id}/apply-retention`);
export const setPin = (project_id: number, replay_id: string, is_pinned: boolean) =>
  api.send<void>(is_pinned ? 'PUT' : 'DELETE', withQuery(`/api/v1/replays/${encodeURIComponent(replay_id)}/pin`, { project_id }));
