// What the server answers, written by hand after its contract. Times are RFC 3339 strings in UTC
// unless the name ends in `_ms`. A field with `?` is one that an older server does not send.

export interface Me {
  user: { id: number; email: string; name: string };
  organisation: { id: number; name: string };
  projects: Project[];
  csrf_token: string;
}

export interface Project {
  id: number;
  name: string;
  time_zone: string;
  ingest_key: string;
  /** Whether uploads are taken; sent by the list of projects only. */
  capture_enabled?: boolean;
  /** How long what arrives is kept. */
  retention_days?: number;
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

export type ReplayState = 'live' | 'processing' | 'complete' | 'expired' | 'deleted';

export interface Replay {
  id: string;
  project_id: number;
  replay_id: string;
  device_id: string | null;
  session_id: string | null;
  user_id: string | null;
  status: 'live' | 'complete';
  state?: ReplayState;
  started_at: string;
  ended_at: string;
  duration_ms: number;
  active_ms?: number;
  event_count: number;
  interaction_count: number;
  click_count: number;
  page_count: number;
  /** Those that the recording shows and those that SDKs sent. */
  error_count?: number;
  linked_error_count?: number;
  console_error_count?: number;
  rage_click_count?: number;
  dead_click_count?: number;
  request_count?: number;
  failed_request_count?: number;
  tab_count?: number;
  comment_count?: number;
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
  release?: string | null;
  environment?: string | null;
  /** Who it was, for somebody who looks at one replay. */
  person?: { id: number; user_id: string | null } | null;
  tags?: Record<string, string>;
  playable: boolean;
  received_at: string;
  /** The activity strip: 48 levels from 0 to 9 over the replay's length. */
  activity?: number[];
  /** By the person who asks. */
  seen?: boolean;
  /** Codes of what is not whole; usually empty. */
  integrity?: string[];
  /** When it is deleted; null when it is pinned. */
  expires_at?: string | null;
  is_pinned?: boolean;
  /** Days from its first arrival to its end, as decided when it arrived. */
  retention_in_days?: number;
}

export interface ReplayPage {
  replays: Replay[];
  /** On all pages. */
  total?: number | null;
  next_cursor: string | null;
  from: string | null;
  to: string | null;
  time_zone: string;
}

/** The replays before and after one in the same result set; `previous` is the newer one. */
export interface Neighbours {
  previous: string | null;
  next: string | null;
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

export type MarkerKind =
  | 'error'
  | 'console_error'
  | 'rage_click'
  | 'dead_click'
  | 'slow_click'
  | 'error_click'
  | Signal
  | 'failed_request'
  | 'slow_request'
  | 'web_vital'
  | 'navigation'
  | 'custom'
  | 'feedback'
  | 'click';

/** Signs of frustration that are no clicks. */
export type Signal = 'thrashed_cursor' | 'quick_back' | 'endless_spinner' | 'broken_image' | 'blank_page';

export interface Marker {
  at_ms: number;
  kind: MarkerKind;
  label: string;
  tab: number;
}

export type GapReason =
  | 'no_full_snapshot'
  | 'lost_data'
  | 'damaged_block'
  | 'not_recorded'
  | 'page_hidden'
  | 'clock_jump'
  | 'unsupported_content';

export interface Gap extends TimeSpan {
  reason: GapReason;
}

/** One browser tab of the session. */
export interface TabSpan extends TimeSpan {
  tab: number;
  focused: TimeSpan[];
}

export interface Viewport {
  at_ms: number;
  width: number;
  height: number;
}

export interface IntegrityNote {
  reason: string;
  count: number;
  at_ms: number;
}

export interface Manifest {
  replay: Replay;
  first_event_ms: number;
  last_event_ms: number;
  chunks: Chunk[];
  active: TimeSpan[];
  pages: PageVisit[];
  revision: number;
  state_points?: { at_ms: number; size_bytes: number }[];
  activity?: { bin_ms: number; counts: number[] };
  viewports?: Viewport[];
  tabs?: TabSpan[];
  markers?: Marker[];
  gaps?: Gap[];
  integrity?: IntegrityNote[];
  assets?: { missing: { url: string; reason: string }[]; archived: number };
  /** Films of a mobile screen, in time order; there is no page then. */
  video?: VideoPart[];
}

export interface VideoPart {
  id: string;
  at_ms: number;
  duration_ms: number;
  width_px: number;
  height_px: number;
  size_bytes: number;
}

// What happened in a replay comes from the document of the API, for it has many forms.
import type { Fact as SentFact, PageViewFact } from '@reenact/client/schema';

export type {
  PageViewFact,
  ClickFact,
  TouchFact,
  InputFact,
  ScrollFact,
  ResizeFact,
  KeyFact,
  FocusFact,
  BlurFact,
  VisibilityFact,
  ConsoleFact,
  ErrorFact,
  NetworkFact,
  WebVitalFact,
  LongTaskFact,
  MemoryFact,
  CustomFact,
  FrustrationFact,
  FeedbackFact,
  TextFact,
  GapFact,
} from '@reenact/client/schema';

export type Headers = Record<string, string>;
/** An analytics event in the player's lists; it is asked for apart from what the recording says. */
export interface EventFact extends Omit<PageViewFact, 'kind' | 'href' | 'title' | 'via'> {
  kind: 'event';
  event_type: string;
  /** What an event that an SDK captured by itself is about. */
  generated_name: string | null;
  properties: Record<string, unknown>;
}
/** Those that the app shows. */
export type Fact = Exclude<SentFact, { kind: 'integrity' | 'activity' | 'span' }> | EventFact;
export type FactKind = Fact['kind'];

export interface FactPage {
  facts: Fact[];
  /** False when the limit cut the list off. */
  complete: boolean;
}

export interface Viewer {
  user: { id: number; name: string; email: string };
  seen_at: string;
}

export interface Comment {
  id: number;
  at_ms: number;
  text: string;
  user: { id: number; name: string };
  created_at: string;
  mine: boolean;
}

export type RatingReason = 'missing_parts' | 'wrong_styles' | 'wrong_order' | 'does_not_play' | 'other';

export interface Rating {
  rating: 'up' | 'down';
  reason: RatingReason;
  text: string;
}

export interface PersonSettings {
  theme: 'system' | 'light' | 'dark';
  density: 'compact' | 'normal' | 'comfortable';
  motion: 'system' | 'reduce';
  /** `viewer` is this browser's zone, `project` the project's; anything else is an IANA name. */
  time_zone: string;
  /** Single keys as shortcuts. */
  shortcuts: boolean;
  skip_idle: boolean;
  speed: number;
  trail: boolean;
}

export interface DayCounts {
  day: string;
  replay_count: number;
  error_count: number;
  rage_click_count: number;
  size_bytes?: number;
}

/** Of the replays that started in the range. */
export interface Summary {
  replay_count: number;
  user_count: number;
  event_count: number;
  error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  size_bytes: number;
  per_day: DayCounts[];
}

export type Scope = 'read' | 'write' | 'delete' | 'import' | 'admin';

export interface NewToken {
  name: string;
  scopes: Scope[];
  /** Null: it never expires. */
  expires_in_days: number | null;
}

export interface ApiToken {
  id: number;
  name: string;
  scopes: Scope[];
  created_at: string;
  expires_at: string | null;
  /** To about a minute. */
  last_used_at: string | null;
  /** The secret itself: only in the answer that makes the token. */
  token?: string;
}

/** Also what was dropped from an upload or repaired in it; the reason tells which. */
export interface Rejected {
  reason: string;
  count: number;
  last_at: string;
}

export interface IngestStatus {
  accepted_last_hour: number;
  rejected: Rejected[];
  last_upload_at: string | null;
  sdk_seen: { sdk: string; version: string | null; last_at: string }[];
}

export interface ErrorBody {
  error: {
    code: string;
    message: string;
    request_id?: string;
    /** Of `invalid_filter`: where it is wrong, and what was probably meant. */
    at_utf16?: { start: number; end: number } | null;
    nearest?: string | null;
    /** Of `replay_deleted` and `replay_expired`. */
    gone_at?: string;
    retention_days?: number;
  };
}
