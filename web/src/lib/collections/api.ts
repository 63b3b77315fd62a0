// Saved searches, playlists, cohorts and alerts, as the server knows them. Loaded with the parts
// of the app that show them.
import { api, errorFrom } from '$lib/api/client';
import { withQuery } from '$lib/api/addresses';
import type {
  Alert,
  AlertDraft,
  Cohort,
  CohortDefinition,
  CohortWithSize,
  Delivery,
  ListReport,
  Operations,
  Playlist,
  PlaylistWithReplays,
  SavedSearch,
} from '@reenact/client/schema';

export type { Alert, AlertDraft, Cohort, CohortDefinition, Delivery, ListReport, Playlist, SavedSearch };
export type { CohortMember as Member, CohortSize, SearchDefinition } from '@reenact/client/schema';

export type Owned = Pick<SavedSearch, 'id' | 'name' | 'owner' | 'mine' | 'created_at' | 'changed_at'>;
export type PlaylistReplay = PlaylistWithReplays['replays'][number];
export type Unmatched = Pick<CohortWithSize, 'unmatched' | 'unmatched_count'>;

const v1 = (path: string, project_id: number) => withQuery(`/api/v1/${path}`, { project_id });

export const savedSearches = (project_id: number, signal?: AbortSignal) =>
  api.get<{ saved_searches: SavedSearch[] }>('/api/v1/saved-searches', { project_id }, signal);
export const addSavedSearch = (project_id: number, body: Pick<SavedSearch, 'name' | 'is_shared' | 'search'>) =>
  api.send<SavedSearch>('POST', v1('saved-searches', project_id), body);
export const changeSavedSearch = (project_id: number, { id, name, is_shared, search }: SavedSearch) =>
  api.send<SavedSearch>('PUT', v1(`saved-searches/${id}`, project_id), { name, is_shared, search });
export const deleteSavedSearch = (project_id: number, id: number) =>
  api.send<void>('DELETE', v1(`saved-searches/${id}`, project_id));

export const playlists = (project_id: number, signal?: AbortSignal) =>
  api.get<{ playlists: Playlist[] }>('/api/v1/playlists', { project_id }, signal);
export const playlist = (project_id: number, id: number, signal?: AbortSignal) =>
  api.get<PlaylistWithReplays>(`/api/v1/playlists/${id}`, { project_id }, signal);
export const addPlaylist = (project_id: number, name: string) =>
  api.send<Playlist>('POST', v1('playlists', project_id), { name });
export const renamePlaylist = (project_id: number, { id, is_shared }: Playlist, name: string) =>
  api.send<Playlist>('PUT', v1(`playlists/${id}`, project_id), { name, is_shared });
export const deletePlaylist = (project_id: number, id: number) =>
  api.send<void>('DELETE', v1(`playlists/${id}`, project_id));
export const addToPlaylist = (project_id: number, id: number, replays: readonly string[]) =>
  api.send<{ added: number }>('POST', v1(`playlists/${id}/replays`, project_id), {
    replays: replays.map((replay) => ({ id: replay })),
  });
/** Makes these the whole list, in this order. */
export const putPlaylistReplays = (project_id: number, id: number, replays: readonly PlaylistReplay[]) => {
  const entries = replays.map((entry) => ({ id: entry.id, note: entry.note }));
  return put<void>(v1(`playlists/${id}/replays`, project_id), 'application/json', JSON.stringify({ replays: entries }));
};

export const cohorts = (project_id: number, signal?: AbortSignal) =>
  api.get<{ cohorts: Cohort[] }>('/api/v1/cohorts', { project_id }, signal);
export const cohort = (project_id: number, id: number, fresh: boolean, signal?: AbortSignal) =>
  api.get<CohortWithSize>(`/api/v1/cohorts/${id}`, { project_id, fresh: fresh ? 'true' : null }, signal);
export const addCohort = (project_id: number, name: string, definition: CohortDefinition) =>
  api.send<Cohort>('POST', v1('cohorts', project_id), { name, definition });
export const changeCohort = (project_id: number, id: number, name: string, definition: CohortDefinition) =>
  api.send<Cohort>('PUT', v1(`cohorts/${id}`, project_id), { name, definition });
export const deleteCohort = (project_id: number, id: number) =>
  api.send<void>('DELETE', v1(`cohorts/${id}`, project_id));
export const members = (project_id: number, id: number, cursor: string | null, signal?: AbortSignal) =>
  api.get<Operations['GET /api/v1/cohorts/{id}/users']['answer']>(`/api/v1/cohorts/${id}/users`, { project_id, cursor }, signal);
export const membersFile = (project_id: number, id: number) => v1(`cohorts/${id}/users.csv`, project_id);
export const putList = (project_id: number, id: number, file: File) => {
  const type = file.name.toLowerCase().endsWith('.json') ? 'application/json' : 'text/csv';
  return put<ListReport>(v1(`cohorts/${id}/list`, project_id), type, file);
};

export const alerts = (project_id: number, signal?: AbortSignal) =>
  api.get<{ alerts: Alert[]; has_mail: boolean }>('/api/v1/alerts', { project_id }, signal);
export const addAlert = (project_id: number, draft: AlertDraft) =>
  api.send<Alert>('POST', v1('alerts', project_id), draft);
export const changeAlert = (project_id: number, id: number, draft: AlertDraft) =>
  api.send<Alert>('PUT', v1(`alerts/${id}`, project_id), draft);
export const deleteAlert = (project_id: number, id: number) => api.send<void>('DELETE', v1(`alerts/${id}`, project_id));
export const pauseAlert = (project_id: number, id: number, is_paused: boolean) =>
  api.send<Alert>('PUT', v1(`alerts/${id}/paused`, project_id), { is_paused });
export const testAlert = (project_id: number, id: number) =>
  api.send<{ deliveries: Delivery[] }>('POST', v1(`alerts/${id}/test`, project_id), {});
export const deliveries = (project_id: number, id: number, signal?: AbortSignal) =>
  api.get<{ deliveries: Delivery[] }>(`/api/v1/alerts/${id}/deliveries`, { project_id }, signal);

/** As the client does it, but for bodies of any size: a request that outlives its page may have 64 KB. */
async function put<T>(url: string, type: string, body: string | File): Promise<T> {
  const headers = { 'content-type': type, 'x-csrf-token': api.csrf_token };
  const response = await api.fetch(url, { method: 'PUT', credentials: 'same-origin', headers, body });
  if (!response.ok) throw await errorFrom(response);
  return (response.status === 204 ? undefined : await response.json()) as T;
}
