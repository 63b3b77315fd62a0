// What the server answers, written by hand after its contract. Times are RFC 3339 strings in UTC
// unless the name ends in `_ms`.

export interface Me {
  user: { id: string; email: string; name: string };
  organisation: { id: string; name: string };
  projects: Project[];
  csrf_token: string;
}

export interface Project {
  id: string;
  name: string;
  time_zone: string;
  ingest_key: string;
}

export interface SetUpRequest {
  token: string;
  email: string;
  password: string;
  name: string;
  organisation: string;
  project: string;
  time_zone: string;
}

export interface Replay {
  id: string;
  project_id: string;
  replay_id: string;
  device_id: string | null;
  session_id: string | null;
  user_id: string | null;
  status: 'live' | 'complete';
  started_at: string;
  ended_at: string;
  duration_ms: number;
  event_count: number;
  interaction_count: number;
  click_count: number;
  page_count: number;
  size_bytes: number;
  first_url: string | null;
  last_url: string | null;
  country: string | null;
  browser: string | null;
  os: string | null;
  device_type: string | null;
  source: string;
  sdk: string | null;
  sdk_version: string | null;
  playable: boolean;
  received_at: string;
}

export interface ReplayPage {
  replays: Replay[];
  next_cursor: string | null;
  from: string | null;
  to: string | null;
  time_zone: string;
}

/** A stretch of time; `to_ms` is exclusive. */
export interface TimeSpan {
  from_ms: number;
  to_ms: number;
}

export interface Chunk extends TimeSpan {
  event_count: number;
  size_bytes: number;
}

export interface PageVisit {
  at_ms: number;
  href: string;
}

export interface Manifest {
  replay: Replay;
  first_event_ms: number;
  last_event_ms: number;
  chunks: Chunk[];
  active: TimeSpan[];
  pages: PageVisit[];
  revision: number;
}

export interface ErrorBody {
  error: { code: string; message: string; request_id?: string };
}
