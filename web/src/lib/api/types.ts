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
}

export interface ReplayPage {
  replays: Replay[];
  /** On all pages. */
  total?: number;
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

interface FactAt<Kind extends string> {
  kind: Kind;
  at_ms: number;
  tab: number;
}

/** What a click, tap or input happened on. */
export interface FactTarget {
  node_id: number;
  selector: string | null;
  label: string | null;
}

interface PointerFact extends FactTarget {
  x: number;
  y: number;
  role: string | null;
  tag: string | null;
  text: string | null;
  pointer: string | null;
  /** The first visible change within seven seconds. */
  changed_after_ms: number | null;
  /** Clicks in the burst; 0 is none. */
  rage: number;
  dead: boolean;
  /** It was answered, but late. */
  slow?: boolean;
  /** The first error after it. */
  error_after_ms?: number;
}

export type PageViewFact = FactAt<'page_view'> & {
  href: string;
  title: string | null;
  via: 'load' | 'navigation' | 'back_forward' | 'hash';
};
export type ClickFact = FactAt<'click'> & PointerFact;
export type TouchFact = FactAt<'touch'> & PointerFact;
export type InputFact = FactAt<'input'> & FactTarget & { masked: boolean; length: number };
export type ScrollFact = FactAt<'scroll'> & { node_id: number; to_percent: number };
export type ResizeFact = FactAt<'resize'> & { width: number; height: number };
export type KeyFact = FactAt<'key'>;
export type FocusFact = FactAt<'focus'>;
export type BlurFact = FactAt<'blur'>;
export type VisibilityFact = FactAt<'visibility'> & { visible: boolean };
export type ConsoleFact = FactAt<'console'> & {
  level: string;
  message: string;
  args: string[];
  stack: string[];
};
export type ErrorFact = FactAt<'error'> & {
  name: string;
  message: string;
  stack: string[];
  source: 'console' | 'event' | 'backend';
  event_id: string | null;
};
export type Headers = Record<string, string>;
export type NetworkFact = FactAt<'network'> & {
  method: string;
  url: string;
  status: number | null;
  duration_ms: number | null;
  start_ms: number;
  initiator: string | null;
  request_headers: Headers | null;
  response_headers: Headers | null;
  request_body: string | null;
  response_body: string | null;
  request_size_bytes: number | null;
  response_size_bytes: number | null;
  failed: boolean;
};
export type WebVitalFact = FactAt<'web_vital'> & { name: string; value: number; rating: string };
export type LongTaskFact = FactAt<'long_task'> & { duration_ms: number };
export type MemoryFact = FactAt<'memory'> & { used_bytes: number; total_bytes: number };
export type CustomFact = FactAt<'custom'> & { tag: string; payload: unknown };
export type EventFact = FactAt<'event'> & {
  event_type: string;
  properties: Record<string, unknown>;
  source: string;
};
export type FrustrationFact = FactAt<'frustration'> & {
  signal: Signal;
  until_ms: number;
  node_id?: number;
  /** Address of the page or image, selector of the spinner. */
  label?: string;
  count: number;
};
export type FeedbackFact = FactAt<'feedback'> & { text?: string };
export type TextFact = FactAt<'text'> & { text: string; node_id: number; until_ms: number };
export type GapFact = FactAt<'gap'> & { reason: GapReason; until_ms: number };

export type Fact =
  | PageViewFact
  | ClickFact
  | TouchFact
  | InputFact
  | ScrollFact
  | ResizeFact
  | KeyFact
  | FocusFact
  | BlurFact
  | VisibilityFact
  | ConsoleFact
  | ErrorFact
  | NetworkFact
  | WebVitalFact
  | LongTaskFact
  | MemoryFact
  | CustomFact
  | EventFact
  | FrustrationFact
  | FeedbackFact
  | TextFact
  | GapFact;
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

export interface ApiToken {
  id: number;
  name: string;
  created_at: string;
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
  };
}
