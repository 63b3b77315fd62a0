// Errors that SDKs sent, and the issues they are grouped into.
import type { Replay } from '$lib/api/types';

export type ErrorLevel = 'fatal' | 'error' | 'warning' | 'info' | 'debug';

export interface Frame {
  function: string | null;
  module: string | null;
  file: string | null;
  absolute_path: string | null;
  line: number | null;
  column: number | null;
  is_in_app: boolean | null;
  context_line: string | null;
  /** Where it was before a source map was applied. */
  built?: { file: string | null; line: number | null; column: number | null; function: string | null };
}

/** Outermost first, its causes after it. */
export interface Exception {
  kind: string | null;
  value: string | null;
  module: string | null;
  mechanism: string | null;
  is_handled: boolean | null;
  /** Outermost call first: the last one is where it was thrown. */
  frames: Frame[];
}

export interface LinkedError {
  id: number;
  event_id: string;
  issue_id: number;
  at_ms: number;
  received_at: string;
  level: ErrorLevel;
  kind: string | null;
  message: string | null;
  title: string;
  culprit: string | null;
  platform: string | null;
  release: string | null;
  environment: string | null;
  is_server_side: boolean;
  is_handled: boolean | null;
  url: string | null;
  transaction: string | null;
  trace_id: string | null;
  user: { id: string | null; email: string | null; username: string | null; name: string | null } | null;
  tags: Record<string, string>;
  sdk: string | null;
  sdk_version: string | null;
  replay: string | null;
  /** How it came to its replay: it names it, the replay lists it, or they share a trace. */
  link: 'named' | 'listed' | 'trace' | null;
  source: string;
  exceptions: Exception[];
}

export interface ErrorList {
  errors: LinkedError[];
  complete: boolean;
}

/** One operation of a trace, on the page or on a server. */
export interface Span {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  is_segment: boolean;
  operation: string | null;
  name: string | null;
  status: string | null;
  start_ms: number;
  end_ms: number;
  platform: string | null;
  is_server_side: boolean;
}

export interface SpanList {
  spans: Span[];
  complete: boolean;
}

export interface Issue {
  id: number;
  project_id: number;
  title: string;
  kind: string | null;
  culprit: string | null;
  level: ErrorLevel;
  platform: string | null;
  is_server_side: boolean;
  first_seen: string;
  last_seen: string;
  event_count: number;
  user_count: number;
  session_count: number;
  replay_count: number;
  first_release: string | null;
  last_release: string | null;
}

export interface IssuePage {
  issues: Issue[];
  next_cursor: string | null;
}

export interface IssueDetail extends Issue {
  per_day: { day: string; event_count: number }[];
  latest: LinkedError[];
  replays: { replay: Replay; at_ms: number; error_id: number; link: string }[];
  releases: { release: string; event_count: number }[];
  fingerprint: string;
}
