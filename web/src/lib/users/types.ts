import type { Replay } from '$lib/api/types';

export interface User {
  id: number;
  /** Null while nobody knows who it is. */
  user_id: string | null;
  name: string | null;
  email: string | null;
  first_seen: string;
  last_seen: string;
  identity_count: number;
  properties: Record<string, unknown>;
}

export interface UserPage {
  users: User[];
  next_cursor: string | null;
}

export interface UserDetail extends User {
  identities: { identity: string; kind: 'user' | 'anonymous'; since: string; last_seen: string }[];
  groups: { kind: string; key: string; properties: Record<string, unknown>; at: string }[];
  history: { at: string; kind: string; detail: Record<string, unknown> }[];
  replays: Replay[];
}

export interface UserEvent {
  id: number;
  event_type: string;
  /** What an event that an SDK captured by itself is about. */
  generated_name: string | null;
  at_ms: number;
  timestamp: string;
  insert_id: string | null;
  event_properties: Record<string, unknown> | null;
  user_properties: Record<string, unknown> | null;
}

/** Events of one session, newest first. */
export interface EventSession {
  /** Null: outside of any session. */
  id: string | null;
  device_id: string | null;
  started_at: string;
  ended_at: string;
  replay: Replay | null;
  events: UserEvent[];
}

export interface EventPage {
  sessions: EventSession[];
  next_cursor: string | null;
}
