// Written by `cargo xtask codegen` from docs/openapi.json; do not change it by hand.

export interface Me {
  user: {
    id: number;
    name: string;
    email: string;
  };
  organisation: {
    id: number;
    name: string;
  };
  projects: {
    id: number;
    name: string;
    time_zone: string;
    ingest_key: string;
  }[];
  csrf_token: string;
}

export type Scope = 'read' | 'write' | 'delete' | 'import' | 'admin';

export interface ApiToken {
  id: number;
  name: string;
  scopes: Scope[];
  created_at: string;
  /** Null: never. */
  expires_at: string | null;
  /** To about a minute. Null: never. */
  last_used_at: string | null;
}

export interface NewApiToken {
  id: number;
  name: string;
  scopes: Scope[];
  created_at: string;
  /** Null: never. */
  expires_at: string | null;
  /** To about a minute. Null: never. */
  last_used_at: string | null;
  /** The secret itself. It is shown once and kept nowhere. */
  token: string;
}

export interface PersonSettings {
  theme: 'system' | 'light' | 'dark';
  density: 'compact' | 'normal' | 'comfortable';
  motion: 'system' | 'reduce';
  /** `viewer`: the browser's, `project`: the project's, or an IANA name. */
  time_zone: string;
  /** Single keys as shortcuts. */
  shortcuts: boolean;
  skip_idle: boolean;
  /** 0.25 to 16. */
  speed: number;
  trail: boolean;
}

export interface PersonSettingsChange {
  theme?: 'system' | 'light' | 'dark';
  density?: 'compact' | 'normal' | 'comfortable';
  motion?: 'system' | 'reduce';
  /** `viewer`: the browser's, `project`: the project's, or an IANA name. */
  time_zone?: string;
  /** Single keys as shortcuts. */
  shortcuts?: boolean;
  skip_idle?: boolean;
  /** 0.25 to 16. */
  speed?: number;
  trail?: boolean;
}

export interface Comment {
  id: number;
  /** In the replay's own time. */
  at_ms: number;
  text: string;
  user: {
    id: number;
    name: string;
  };
  created_at: string;
  mine: boolean;
}

export interface Viewer {
  user: {
    id: number;
    name: string;
    email: string;
  };
  seen_at: string;
}

export type RatingReason = 'missing_parts' | 'wrong_styles' | 'wrong_order' | 'does_not_play' | 'other';

export interface Rating {
  replay_id: string;
  rating: 'up' | 'down';
  reason: RatingReason | null;
  text: string;
  user: {
    id: number;
    name: string;
    email: string;
  };
  created_at: string;
}

export interface Project {
  id: number;
  name: string;
  /** IANA name. */
  time_zone: string;
  /** Public; it only writes. */
  ingest_key: string;
  /** Whether uploads are taken. */
  capture_enabled: boolean;
  /** How long what arrives from now on is kept. */
  retention_days: number;
}

export interface TargetingRule {
  sample_rate: number | null;
  url_contains: string | null;
  event: string | null;
  event_properties: Record<string, string>;
  user_properties: Record<string, string>;
}

/** Null is as the configuration of the server says. */
export interface Capture {
  sample_rate: number | null;
  error_sample_rate: number | null;
  min_duration_ms: number | null;
  mask_level: 'light' | 'medium' | 'conservative' | null;
  block_selectors: string[] | null;
  mask_selectors: string[] | null;
  unmask_selectors: string[] | null;
  interactions: boolean | null;
  console: boolean | null;
  network: boolean | null;
  targeting: TargetingRule[] | null;
}

export interface CaptureChange {
  sample_rate?: number | null;
  error_sample_rate?: number | null;
  min_duration_ms?: number | null;
  mask_level?: 'light' | 'medium' | 'conservative' | null;
  block_selectors?: string[] | null;
  mask_selectors?: string[] | null;
  unmask_selectors?: string[] | null;
  interactions?: boolean | null;
  console?: boolean | null;
  network?: boolean | null;
  targeting?: TargetingRule[] | null;
}

export interface CaptureSettings {
  project_id: number;
  /** Null when it cannot be read; nothing is recorded then. */
  capture: Capture | null;
  in_force: {
    capture_enabled: boolean;
    sample_rate: number | null;
    error_sample_rate: number | null;
    min_duration_ms: number | null;
    mask_level: 'light' | 'medium' | 'conservative' | null;
    block_selectors: string[];
    mask_selectors: string[];
    unmask_selectors: string[];
    interactions: boolean;
    console: boolean;
    network: boolean;
    /** How many. */
    targeting_rules: number;
  };
}

export interface Rejected {
  reason: string;
  count: number;
  last_at: string;
}

export interface IngestStatus {
  families: {
    source: string;
    accepted_last_hour: number;
    last_upload_at: string | null;
    items: {
      kind: string;
      count: number;
    }[];
    rejected: Rejected[];
  }[];
  client_losses: {
    reason: string;
    category: string;
    count: number;
  }[];
  accepted_last_hour: number;
  rejected: Rejected[];
  last_upload_at: string | null;
  sdk_seen: {
    sdk: string;
    version: string | null;
    last_at: string;
  }[];
  search: {
    rows: number;
    events: number;
    facts: number;
    texts: number;
    names: number;
    max_names: number;
    properties_refused: number;
    size_bytes: number;
  };
}

export interface DayCounts {
  replay_count: number;
  user_count: number;
  event_count: number;
  error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  size_bytes: number;
  day: string;
}

export interface Summary {
  replay_count: number;
  user_count: number;
  event_count: number;
  error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  size_bytes: number;
  /** Oldest first, also days without replays. */
  per_day: DayCounts[];
  time_zone: string;
}

export interface Replay {
  id: string;
  project_id: number;
  /** As the SDK calls it. */
  replay_id: string;
  device_id: string;
  session_id: string;
  user_id: string | null;
  visitor_id: string | null;
  status: 'live' | 'complete';
  state: 'live' | 'processing' | 'complete';
  started_at: string;
  ended_at: string;
  received_at: string;
  duration_ms: number;
  active_ms: number;
  event_count: number;
  interaction_count: number;
  click_count: number;
  page_count: number;
  tab_count: number;
  size_bytes: number;
  first_url: string | null;
  last_url: string | null;
  /** Two letters. */
  country: string | null;
  browser: string | null;
  os: string | null;
  device: string | null;
  device_type: string | null;
  release: string | null;
  environment: string | null;
  source: string;
  sdk: string | null;
  sdk_version: string | null;
  playable: boolean;
  tags: Record<string, string>;
  /** Those that the recording shows and those that SDKs sent. */
  error_count: number;
  linked_error_count: number;
  console_error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  frustration_count: number;
  request_count: number;
  failed_request_count: number;
  /** 48 levels from 0 to 9 over the length of the replay. */
  activity: number[];
  /** Codes of what is not whole; usually empty. */
  integrity: string[];
  /** Null: it is pinned and stays. */
  expires_at: string | null;
  /** From its first arrival to its end, as decided when it arrived. */
  retention_in_days: number;
  is_pinned: boolean;
  comment_count: number;
  /** By whoever asks. */
  seen: boolean;
}

export interface ReplayWithPerson {
  id: string;
  project_id: number;
  /** As the SDK calls it. */
  replay_id: string;
  device_id: string;
  session_id: string;
  user_id: string | null;
  visitor_id: string | null;
  status: 'live' | 'complete';
  state: 'live' | 'processing' | 'complete';
  started_at: string;
  ended_at: string;
  received_at: string;
  duration_ms: number;
  active_ms: number;
  event_count: number;
  interaction_count: number;
  click_count: number;
  page_count: number;
  tab_count: number;
  size_bytes: number;
  first_url: string | null;
  last_url: string | null;
  /** Two letters. */
  country: string | null;
  browser: string | null;
  os: string | null;
  device: string | null;
  device_type: string | null;
  release: string | null;
  environment: string | null;
  source: string;
  sdk: string | null;
  sdk_version: string | null;
  playable: boolean;
  tags: Record<string, string>;
  /** Those that the recording shows and those that SDKs sent. */
  error_count: number;
  linked_error_count: number;
  console_error_count: number;
  rage_click_count: number;
  dead_click_count: number;
  frustration_count: number;
  request_count: number;
  failed_request_count: number;
  /** 48 levels from 0 to 9 over the length of the replay. */
  activity: number[];
  /** Codes of what is not whole; usually empty. */
  integrity: string[];
  /** Null: it is pinned and stays. */
  expires_at: string | null;
  /** From its first arrival to its end, as decided when it arrived. */
  retention_in_days: number;
  is_pinned: boolean;
  comment_count: number;
  /** By whoever asks. */
  seen: boolean;
  person: {
    id: number;
    user_id: string | null;
  } | null;
}

export interface ReplayPage {
  replays: Replay[];
  next_cursor: string | null;
  from: string | null;
  to: string | null;
  time_zone: string;
  /** On all pages; null when the index cannot say. */
  total: number | null;
  /** The filter as the server writes it. */
  filter: string;
}

/** An rrweb event. */
export interface RecordedEvent {
  type: number;
  timestamp: number;
  [name: string]: unknown;
}

export interface TimeSpan {
  /** Milliseconds since the epoch. */
  from_ms: number;
  /** Exclusive. */
  to_ms: number;
}

export interface Chunk {
  /** Milliseconds since the epoch. */
  from_ms: number;
  /** Exclusive. */
  to_ms: number;
  event_count: number;
  /** As JSON. */
  size_bytes: number;
}

export interface PageVisit {
  /** Milliseconds since the epoch. */
  at_ms: number;
  href: string;
  title: string | null;
  via: Via;
  tab: number;
}

export type Via = 'load' | 'navigation' | 'back_forward' | 'hash';

export type Signal = 'thrashed_cursor' | 'quick_back' | 'endless_spinner' | 'broken_image' | 'blank_page';

export type MarkerKind = 'error' | 'console_error' | 'rage_click' | 'dead_click' | 'slow_click' | 'error_click' | 'thrashed_cursor' | 'quick_back' | 'endless_spinner' | 'broken_image' | 'blank_page' | 'failed_request' | 'slow_request' | 'web_vital' | 'navigation' | 'custom' | 'feedback' | 'click';

export interface Marker {
  /** Milliseconds since the epoch. */
  at_ms: number;
  kind: MarkerKind;
  label: string;
  tab: number;
}

export type GapReason = 'no_full_snapshot' | 'lost_data' | 'damaged_block' | 'not_recorded' | 'page_hidden' | 'clock_jump' | 'unsupported_content';

export interface Gap {
  /** Milliseconds since the epoch. */
  from_ms: number;
  /** Exclusive. */
  to_ms: number;
  reason: GapReason;
}

export interface TabSpan {
  /** Milliseconds since the epoch. */
  from_ms: number;
  /** Exclusive. */
  to_ms: number;
  tab: number;
  focused: TimeSpan[];
}

export interface Viewport {
  /** Milliseconds since the epoch. */
  at_ms: number;
  width: number;
  height: number;
  tab: number;
}

export interface IntegrityNote {
  /** Milliseconds since the epoch. */
  at_ms: number;
  reason: string;
  count: number;
}

export interface VideoPart {
  id: string;
  segment: number;
  /** Milliseconds since the epoch. */
  at_ms: number;
  duration_ms: number;
  width_px: number;
  height_px: number;
  size_bytes: number;
}

export interface Manifest {
  replay: Replay;
  /** Milliseconds since the epoch. */
  first_event_ms: number;
  /** Milliseconds since the epoch. */
  last_event_ms: number;
  chunks: Chunk[];
  /** Where the recording holds a state of its own. */
  state_points: {
    /** Milliseconds since the epoch. */
    at_ms: number;
    size_bytes: number;
  }[];
  /** Grows when data arrives, or an error is linked. */
  revision: number;
  pages: PageVisit[];
  markers: Marker[];
  active: TimeSpan[];
  activity: {
    bin_ms: number;
    counts: number[];
  };
  strip: number[];
  viewports: Viewport[];
  tabs: TabSpan[];
  gaps: Gap[];
  integrity: IntegrityNote[];
  counts: {
    error_count: number;
    console_error_count: number;
    rage_click_count: number;
    dead_click_count: number;
    frustration_count: number;
    click_count: number;
    request_count: number;
    failed_request_count: number;
    page_count: number;
    active_ms: number;
    tab_count: number;
  };
  /** Films of a mobile screen, in time order; there is no page then. */
  video: VideoPart[];
  assets: {
    archived: number;
    missing: {
      url: string;
      reason: string;
    }[];
  };
}

export type FieldType = 'text' | 'number' | 'duration' | 'size' | 'time' | 'flag' | 'any';

export interface Facet {
  field: string;
  type: FieldType;
  values: {
    value: string | number | boolean;
    count: number;
    /** The condition to add to a filter. */
    filter: string;
  }[];
}

export interface FacetPage {
  total: number;
  facets: Facet[];
}

export interface TextHit {
  /** Milliseconds since the epoch. */
  at_ms: number;
  /** Null: until the end. */
  until_ms: number | null;
  /** Id of the element in the recording. */
  node_id: number;
  text: string;
}

export interface SearchFields {
  fields: {
    name: string;
    type: FieldType;
  }[];
  happenings: {
    kind: string;
    is_named: boolean;
    /** Has properties besides those that are listed. */
    is_open: boolean;
    properties: {
      name: string;
      type: FieldType;
    }[];
  }[];
  limits: {
    conditions: number;
    depth: number;
    text_bytes: number;
    list: number;
  };
}

export interface SuggestedName {
  name: string;
  kind: 'field' | 'label' | 'happening' | 'event' | 'named_event' | 'event_property' | 'custom';
  type: FieldType | null;
  /** As it is written in a filter. */
  filter: string;
}

export interface SuggestedValue {
  value: string | number | boolean;
  count: number;
  /** As it is written in a filter. */
  text: string;
}

/** The JSON form of a filter, docs/search.md. */
export type FilterJson = Record<string, unknown>;

export type ErrorLevel = 'fatal' | 'error' | 'warning' | 'info' | 'debug';

/** How it came to its replay: it names it, the replay lists it, or they share a trace. */
export type ErrorLink = 'named' | 'listed' | 'trace';

export interface Frame {
  function: string | null;
  module: string | null;
  file: string | null;
  absolute_path: string | null;
  line: number | null;
  column: number | null;
  is_in_app: boolean | null;
  context_line: string | null;
  debug_id: string | null;
  /** Where it was before a source map was applied. */
  built?: {
    file: string | null;
    line: number | null;
    column: number | null;
    function: string | null;
  };
}

export interface Exception {
  kind: string | null;
  value: string | null;
  module: string | null;
  mechanism: string | null;
  is_handled: boolean | null;
  is_synthetic: boolean;
  /** Outermost call first. */
  frames: Frame[];
}

export interface StoredError {
  id: number;
  event_id: string;
  issue_id: number;
  /** Milliseconds since the epoch. */
  at_ms: number;
  received_at: string;
  level: ErrorLevel;
  kind: string | null;
  message: string | null;
  title: string;
  culprit: string | null;
  platform: string | null;
  release: string | null;
  dist: string | null;
  environment: string | null;
  is_server_side: boolean;
  is_handled: boolean | null;
  url: string | null;
  transaction: string | null;
  trace_id: string | null;
  span_id: string | null;
  user: {
    id: string | null;
    email: string | null;
    username: string | null;
    name: string | null;
  } | null;
  tags: Record<string, string>;
  sdk: string | null;
  sdk_version: string | null;
  source: string;
  replay: string | null;
  link: ErrorLink | null;
  exceptions: Exception[];
  debug_ids: unknown;
}

export interface ErrorWithEvent {
  id: number;
  event_id: string;
  issue_id: number;
  /** Milliseconds since the epoch. */
  at_ms: number;
  received_at: string;
  level: ErrorLevel;
  kind: string | null;
  message: string | null;
  title: string;
  culprit: string | null;
  platform: string | null;
  release: string | null;
  dist: string | null;
  environment: string | null;
  is_server_side: boolean;
  is_handled: boolean | null;
  url: string | null;
  transaction: string | null;
  trace_id: string | null;
  span_id: string | null;
  user: {
    id: string | null;
    email: string | null;
    username: string | null;
    name: string | null;
  } | null;
  tags: Record<string, string>;
  sdk: string | null;
  sdk_version: string | null;
  source: string;
  replay: string | null;
  link: ErrorLink | null;
  exceptions: Exception[];
  debug_ids: unknown;
  /** As it was sent; null when too large to keep. */
  event: unknown;
}

export interface Span {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  is_segment: boolean;
  segment_name: string | null;
  operation: string | null;
  name: string | null;
  status: string | null;
  /** Milliseconds since the epoch. */
  start_ms: number;
  /** Milliseconds since the epoch. */
  end_ms: number;
  platform: string | null;
  release: string | null;
  environment: string | null;
  is_server_side: boolean;
  measurements: {
    name: string;
    value: number;
    unit: string | null;
  }[];
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
  first_release: string | null;
  last_release: string | null;
  event_count: number;
  user_count: number;
  session_count: number;
  replay_count: number;
}

export interface IssueDetail {
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
  first_release: string | null;
  last_release: string | null;
  event_count: number;
  user_count: number;
  session_count: number;
  replay_count: number;
  fingerprint: string;
  per_day: {
    day: string;
    event_count: number;
  }[];
  releases: {
    release: string;
    event_count: number;
  }[];
  latest: StoredError[];
  replays: {
    replay: Replay;
    /** Milliseconds since the epoch. */
    at_ms: number;
    error_id: number;
    link: ErrorLink;
  }[];
}

export interface SourceMapUpload {
  id: string;
  uploaded_at: string;
  release: string | null;
  dist: string | null;
  map_count: number;
  size_bytes: number;
  skipped: {
    file: string;
    why: string;
  }[];
}

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

export interface UserDetail {
  id: number;
  /** Null while nobody knows who it is. */
  user_id: string | null;
  name: string | null;
  email: string | null;
  first_seen: string;
  last_seen: string;
  identity_count: number;
  properties: Record<string, unknown>;
  identities: {
    identity: string;
    kind: 'user' | 'anonymous';
    since: string;
    last_seen: string;
  }[];
  groups: {
    kind: string;
    key: string;
    at: string;
    properties: Record<string, unknown>;
  }[];
  history: {
    at: string;
    kind: string;
    detail: Record<string, unknown>;
  }[];
  replays: Replay[];
}

export interface Event {
  insert_id: string;
  event_type: string;
  /** Readable name of a captured event; null: somebody named it. */
  generated_name: string | null;
  timestamp: string;
  device_id: string;
  user_id: string | null;
  session_id: string | null;
  event_properties: Record<string, unknown> | null;
  user_properties: Record<string, unknown> | null;
  /** Id of the replay of its session. */
  replay: string | null;
}

export interface NumberedEvent {
  insert_id: string;
  event_type: string;
  /** Readable name of a captured event; null: somebody named it. */
  generated_name: string | null;
  timestamp: string;
  device_id: string;
  user_id: string | null;
  session_id: string | null;
  event_properties: Record<string, unknown> | null;
  user_properties: Record<string, unknown> | null;
  id: number;
  /** Milliseconds since the epoch. */
  at_ms: number;
  replay: string | null;
}

export interface EventDetail {
  insert_id: string;
  event_type: string;
  /** Readable name of a captured event; null: somebody named it. */
  generated_name: string | null;
  timestamp: string;
  device_id: string;
  user_id: string | null;
  session_id: string | null;
  event_properties: Record<string, unknown> | null;
  user_properties: Record<string, unknown> | null;
  id: number;
  /** Milliseconds since the epoch. */
  at_ms: number;
  replay: Replay | null;
  /** As it was sent. */
  raw: unknown;
}

export interface EventSession {
  /** Null: outside of any session. */
  id: string | null;
  session_id: string | null;
  device_id: string | null;
  started_at: string;
  ended_at: string;
  /** Null: the session has no recording. */
  replay: Replay | null;
  /** Newest first. */
  events: NumberedEvent[];
}

export interface EventStream {
  /** Newest first. */
  sessions: EventSession[];
  next_cursor: string | null;
}

export type Period = '1d' | '7d' | '30d' | 'all';

export interface SearchDefinition {
  /** In the filter language, docs/search.md. */
  filter: string;
  sort: 'started' | 'duration' | 'activity' | 'errors' | 'frustration' | null;
  order: 'desc' | 'asc' | null;
  range: Period | null;
  from: string | null;
  to: string | null;
  columns: string[];
}

export interface SearchDefinitionDraft {
  /** In the filter language, docs/search.md. */
  filter?: string;
  sort?: 'started' | 'duration' | 'activity' | 'errors' | 'frustration' | null;
  order?: 'desc' | 'asc' | null;
  range?: Period | null;
  from?: string | null;
  to?: string | null;
  columns?: string[];
}

export interface SavedSearch {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  is_shared: boolean;
  search: SearchDefinition;
}

export interface Playlist {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  is_shared: boolean;
  replay_count: number;
}

export interface PlaylistWithReplays {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  is_shared: boolean;
  replay_count: number;
  replays: {
    id: string;
    note: string;
    added_at: string;
    /** Null: it is gone. */
    replay: Replay | null;
  }[];
}

export type CohortDefinition = {
  kind: 'filter';
  /** In the filter language, docs/search.md. */
  filter: string;
  /** Whether one replay fulfils all conditions, or all that the user did. */
  together: 'replay' | 'user';
  range: Period | null;
  from: string | null;
  to: string | null;
} | {
  kind: 'list';
};

export type CohortDefinitionDraft = {
  kind: 'filter';
  /** In the filter language, docs/search.md. */
  filter: string;
  /** Whether one replay fulfils all conditions, or all that the user did. */
  together?: 'replay' | 'user';
  range?: Period | null;
  from?: string | null;
  to?: string | null;
} | {
  kind: 'list';
};

export interface CohortSize {
  user_count: number;
  computed_at: string;
  took_ms: number;
}

export interface Cohort {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  definition: CohortDefinition;
  /** Of an uploaded list. */
  line_count: number;
  /** Null: not known without working it out. */
  size: CohortSize | null;
}

export interface CohortWithSize {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  definition: CohortDefinition;
  /** Of an uploaded list. */
  line_count: number;
  size: CohortSize;
  /** The first lines that nobody is known by. */
  unmatched: string[];
  unmatched_count: number;
  /** How many are named. */
  unmatched_shown: number;
}

export interface ListReport {
  line_count: number;
  duplicate_count: number;
  size: CohortSize;
  /** The first lines that nobody is known by. */
  unmatched: string[];
  unmatched_count: number;
  /** How many are named. */
  unmatched_shown: number;
}

export interface CohortMember {
  name: string;
  /** False: a device. */
  is_user: boolean;
  /** As in `/api/v1/users/{id}`. */
  user_id: number | null;
}

export interface EventMatcher {
  /** As the SDK sent it: `[Amplitude] Element Clicked`. */
  event_type: string;
  /** All of them hold. */
  where: {
    property: string;
    /** As in the JSON form of filters, docs/search.md. */
    op: string;
    value?: unknown;
    values?: unknown[];
    to?: unknown;
  }[];
}

export interface NamedEvent {
  id: number;
  name: string;
  /** Any of them is meant. */
  matchers: EventMatcher[];
  /** Null: a program made it. */
  owner: {
    id: number;
    name: string;
  } | null;
  created_at: string;
  changed_at: string;
}

export interface Alert {
  id: number;
  name: string;
  /** Null: a program made it, and it is everyone's. */
  owner: {
    id: number;
    name: string;
  } | null;
  /** Whether whoever asks may change and delete it. */
  mine: boolean;
  created_at: string;
  changed_at: string;
  saved_search_id: number;
  /** So many matches within so many minutes. */
  threshold: {
    count: number;
    minutes: number;
  };
  /** After a message nothing is said for so long. */
  quiet_minutes: number;
  /** Also sessions that have events and no recording. */
  includes_unrecorded: boolean;
  webhook: {
    url: string;
    /** Signs what is sent. Only in the answer that made it. */
    secret?: string;
  } | null;
  email_to: string[];
  /** Why; null while it runs. */
  paused: 'by_hand' | 'deliveries_failed' | 'too_many_matches' | 'search_cannot_be_asked' | null;
  /** What arrived before is not reported. */
  since: string;
  /** Messages in a row that were given up. */
  failure_count: number;
  /** Messages that are not delivered yet. */
  pending_count: number;
}

export interface AlertDraft {
  name: string;
  saved_search_id: number;
  threshold?: {
    count: number;
    minutes: number;
  };
  quiet_minutes?: number;
  includes_unrecorded?: boolean;
  webhook?: {
    url: string;
    /** Signs with another secret from now on. */
    new_secret?: boolean;
  } | null;
  email_to?: string[];
}

export interface Delivery {
  id: number;
  message_id: string;
  channel: 'webhook' | 'email';
  is_test: boolean;
  status: 'pending' | 'delivered' | 'failed';
  attempts: number;
  /** Of the last attempt. */
  outcome: string | null;
  replay_count: number;
  created_at: string;
  tried_at: string | null;
  /** Of the next attempt. */
  due_at: string | null;
}

export interface Frustration {
  rage_clicks: number | null;
  rage_within_ms: number | null;
  rage_radius_px: number | null;
  dead_after_ms: number | null;
  slow_click_ms: number | null;
  error_click_ms: number | null;
  thrash_turns: number | null;
  thrash_within_ms: number | null;
  quick_back_ms: number | null;
  spinner_ms: number | null;
  blank_ms: number | null;
  never_dead_selectors: string[] | null;
  ignored_selectors: string[] | null;
}

export interface FrustrationChange {
  rage_clicks?: number | null;
  rage_within_ms?: number | null;
  rage_radius_px?: number | null;
  dead_after_ms?: number | null;
  slow_click_ms?: number | null;
  error_click_ms?: number | null;
  thrash_turns?: number | null;
  thrash_within_ms?: number | null;
  quick_back_ms?: number | null;
  spinner_ms?: number | null;
  blank_ms?: number | null;
  never_dead_selectors?: string[] | null;
  ignored_selectors?: string[] | null;
}

export interface FrustrationInForce {
  rage_clicks: number;
  rage_within_ms: number;
  rage_radius_px: number;
  dead_after_ms: number;
  slow_click_ms: number;
  error_click_ms: number;
  thrash_turns: number;
  thrash_within_ms: number;
  quick_back_ms: number;
  spinner_ms: number;
  blank_ms: number;
  never_dead_selectors: string[];
  ignored_selectors: string[];
}

export interface FrustrationSettings {
  project_id: number;
  /** Null in it is the default. Null when it cannot be read; all is as by default then. */
  frustration: Frustration | null;
  in_force: FrustrationInForce;
  /** From and to, of each number. */
  bounds: Record<string, number[]>;
  presets: {
    name: 'default' | 'amplitude' | 'sentry' | 'dynatrace';
    rage_clicks: number;
    rage_within_ms: number;
    rage_radius_px: number;
  }[];
}

export interface DeletionSearch {
  filter?: string;
  range?: '1d' | '7d' | '30d' | 'all';
  /** A day of the project or a point in time. */
  from?: string;
  to?: string;
  /** Only what you have not seen. */
  unseen?: boolean;
  /** What is pinned stays. */
  keep_pinned?: boolean;
  /** What is being recorded stays. */
  keep_live?: boolean;
  /** With another number nothing is deleted: 409. */
  expected_replays?: number;
}

export interface Deletion {
  id: number;
  project_id: number;
  kind: 'replays' | 'user' | 'project' | 'expiry';
  /** The same for the same target; says nothing about it. */
  target_hash: string;
  state: 'waiting' | 'running' | 'done' | 'failed';
  /** Id of a person; null: the server itself. */
  requested_by: number | null;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error: string | null;
  replays: {
    total: number;
    left: number;
  };
  /** How much of what; zeros may be missing. */
  deleted: Record<string, number>;
}

export interface AuditEntry {
  id: number;
  project_id: number;
  at: string;
  user_id: number | null;
  action: 'delete_replays' | 'delete_user' | 'delete_project' | 'delete_expiry' | 'pin_replay' | 'unpin_replay' | 'change_retention' | 'apply_retention' | 'add_named_event' | 'change_named_event' | 'delete_named_event';
  detail: Record<string, unknown>;
}

export interface PageViewFact {
  kind: 'page_view';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  href: string;
  title: string | null;
  via: Via;
}

export interface ClickFact {
  kind: 'click';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  /** CSS pixels, in the frame of the node. */
  x: number;
  y: number;
  node_id: number;
  selector: string;
  label: string | null;
  role: string | null;
  tag: string;
  text: string | null;
  pointer: string | null;
  /** First visible change after it. */
  changed_after_ms: number | null;
  /** Clicks of the burst that this one starts; 0 is none. */
  rage: number;
  /** In a burst, but not its first click. */
  in_rage?: boolean;
  dead: boolean;
  /** It was answered, but late. */
  slow?: boolean;
  /** First error after it. */
  error_after_ms?: number;
}

export interface TouchFact {
  kind: 'touch';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  /** CSS pixels, in the frame of the node. */
  x: number;
  y: number;
  node_id: number;
  selector: string;
  label: string | null;
  role: string | null;
  tag: string;
  text: string | null;
  pointer: string | null;
  /** First visible change after it. */
  changed_after_ms: number | null;
  /** Clicks of the burst that this one starts; 0 is none. */
  rage: number;
  /** In a burst, but not its first click. */
  in_rage?: boolean;
  dead: boolean;
  /** It was answered, but late. */
  slow?: boolean;
  /** First error after it. */
  error_after_ms?: number;
}

export interface InputFact {
  kind: 'input';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  node_id: number;
  selector: string;
  label: string | null;
  masked: boolean;
  /** Of the value, in UTF-16 units. */
  length: number;
}

export interface ScrollFact {
  kind: 'scroll';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  node_id: number;
  x: number;
  y: number;
  /** Milliseconds since the epoch. */
  until_ms: number;
}

export interface KeyFact {
  kind: 'key';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  /** With its modifiers: `Ctrl+S`. */
  key: string;
}

export interface ResizeFact {
  kind: 'resize';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  width: number;
  height: number;
}

export interface FocusFact {
  kind: 'focus';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
}

export interface BlurFact {
  kind: 'blur';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
}

export interface VisibilityFact {
  kind: 'visibility';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  visible: boolean;
}

export interface ConsoleFact {
  kind: 'console';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  level: string;
  message: string;
  args: string[];
  stack: string[];
}

export interface ErrorFact {
  kind: 'error';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  name: string;
  message: string;
  stack: string[];
  source: 'console' | 'event' | 'backend';
  event_id: string | null;
}

export interface NetworkFact {
  kind: 'network';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  method: string;
  url: string;
  status: number | null;
  duration_ms: number | null;
  /** Milliseconds since the epoch. */
  start_ms: number;
  initiator: string | null;
  request_headers: Record<string, string>;
  response_headers: Record<string, string>;
  request_body: string | null;
  response_body: string | null;
  request_size_bytes: number | null;
  response_size_bytes: number | null;
  failed: boolean;
  slow?: boolean;
}

export interface WebVitalFact {
  kind: 'web_vital';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  name: string;
  value: number;
  rating: string | null;
}

export interface LongTaskFact {
  kind: 'long_task';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  duration_ms: number;
}

export interface MemoryFact {
  kind: 'memory';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  used_bytes: number;
  total_bytes: number;
}

export interface CustomFact {
  kind: 'custom';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  tag: string;
  /** JSON, cut at 4 KB. */
  payload: string;
}

export interface FeedbackFact {
  kind: 'feedback';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  event_id: string | null;
}

export interface TextFact {
  kind: 'text';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  text: string;
  node_id: number;
  /** Null: it is still there. */
  until_ms: number | null;
  /** A long text comes in several parts, counted from 0. */
  part?: number;
}

export interface FrustrationFact {
  kind: 'frustration';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  signal: Signal;
  /** Milliseconds since the epoch. */
  until_ms: number;
  node_id?: number;
  /** Address of the page or image, selector of the spinner. */
  label?: string;
  count: number;
}

export interface GapFact {
  kind: 'gap';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  reason: GapReason;
  /** Milliseconds since the epoch. */
  until_ms: number;
}

export interface IntegrityFact {
  kind: 'integrity';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  reason: string;
  count: number;
}

export interface ActivityFact {
  kind: 'activity';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  /** Actions in each of ten seconds. */
  counts: number[];
  /** Of these: clicks, touches, input. */
  strong: number[];
}

export interface SpanFact {
  kind: 'span';
  /** Milliseconds since the epoch. */
  at_ms: number;
  tab: number;
  /** What comes after may change it. */
  open?: boolean;
  /** Milliseconds since the epoch. */
  until_ms: number;
}

export type Fact = PageViewFact | ClickFact | TouchFact | InputFact | ScrollFact | KeyFact | ResizeFact | FocusFact | BlurFact | VisibilityFact | ConsoleFact | ErrorFact | NetworkFact | WebVitalFact | LongTaskFact | MemoryFact | CustomFact | FeedbackFact | TextFact | FrustrationFact | GapFact | IntegrityFact | ActivityFact | SpanFact;

/**
 * - `invalid`: a parameter or the body cannot be used; the message says which and why
 * - `invalid_filter`: a filter cannot be read or asked; `at`, `at_utf16` or `pointer` say where
 * - `unauthenticated`: nobody is logged in, or the token is not known or has expired
 * - `invalid_credentials`: e-mail address or password is wrong
 * - `forbidden`: this person, or any program, may not do this
 * - `missing_scope`: the token lacks the scope that `scope` names
 * - `csrf`: a request with a cookie lacks `x-csrf-token`, or another site sent it
 * - `invalid_setup_token`: the set-up link is used up or wrong
 * - `not_found`: there is none, or it belongs to a project of others
 * - `replay_deleted`: somebody deleted the replay; `gone_at` says when
 * - `replay_expired`: its retention is over; `gone_at` says since when
 * - `method_not_allowed`: the address is right and the method is not; `Allow` lists those that are
 * - `conflict`: it was done before, or something else has the name
 * - `throttled`: too many failed logins, or uploads at once; wait for `Retry-After` seconds
 * - `rate_limited`: too many requests; wait for `Retry-After` seconds
 * - `too_slow`: the question takes longer than any may; ask about less
 * - `unavailable`: the server is busy, or its disk is full; try again
 * - `internal`: a fault of the server; its log says what, under `request_id`
 * - `unknown_key`: no project has this ingest key
 * - `invalid_id`: the device or session id of an upload is missing or too long
 * - `invalid_encoding`: the body broke off, or is not compressed as it says
 * - `invalid_json`: the body of an upload is not JSON
 * - `too_large`: the body is larger than the server takes
 * - `too_deep`: the JSON of an upload is nested too deeply
 * - `capture_disabled`: the project takes no uploads
 * - `storage_full`: the disk of the server is full; uploads are refused
 */
export type ErrorCode = 'invalid' | 'invalid_filter' | 'unauthenticated' | 'invalid_credentials' | 'forbidden' | 'missing_scope' | 'csrf' | 'invalid_setup_token' | 'not_found' | 'replay_deleted' | 'replay_expired' | 'method_not_allowed' | 'conflict' | 'throttled' | 'rate_limited' | 'too_slow' | 'unavailable' | 'internal' | 'unknown_key' | 'invalid_id' | 'invalid_encoding' | 'invalid_json' | 'too_large' | 'too_deep' | 'capture_disabled' | 'storage_full';

export interface Error {
  error: {
    code: ErrorCode;
    message: string;
    request_id: string;
    scope?: 'read' | 'write' | 'delete' | 'import' | 'admin';
    nearest?: string | null;
    at?: {
      start: number;
      end: number;
    } | null;
    at_utf16?: {
      start: number;
      end: number;
    } | null;
    pointer?: string | null;
    gone_at?: string;
    retention_days?: number;
  };
}

/** What can be asked: names in the path, parameters of the query, the body that is sent, the body of the answer. */
export interface Operations {
  /** Whether the server waits to be set up. For anyone. */
  'GET /api/v1/setup': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: {
      needed: boolean;
    };
  };
  /** Set the server up, with the link it printed. For anyone. */
  'POST /api/v1/setup': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      token: string;
      email: string;
      password: string;
      name?: string;
      organisation: string;
      project: string;
      time_zone?: string;
    };
    answer: Me;
  };
  /** Log in; the answer sets the cookie. For anyone. */
  'POST /api/v1/login': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      email: string;
      password: string;
    };
    answer: Me;
  };
  /** Log out. Only for people, not with a token. */
  'POST /api/v1/logout': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Who is logged in, and the token against forged requests. Only for people, not with a token. */
  'GET /api/v1/me': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: Me;
  };
  /** How the app looks for whoever asks. Scope `read`. */
  'GET /api/v1/me/settings': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: PersonSettings;
  };
  /** Change some of these settings; the others stay. Scope `write`. */
  'PUT /api/v1/me/settings': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: PersonSettingsChange;
    answer: PersonSettings;
  };
  /** The API tokens of a project. Only for people, not with a token. */
  'GET /api/v1/tokens': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      tokens: ApiToken[];
    };
  };
  /** Make an API token; only this answer holds it. Only for people, not with a token. */
  'POST /api/v1/tokens': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      name: string;
      scopes?: Scope[];
      expires_in_days?: number | null;
    };
    answer: NewApiToken;
  };
  /** Revoke an API token. Only for people, not with a token. */
  'DELETE /api/v1/tokens/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** The projects that may be used. Scope `read`. */
  'GET /api/v1/projects': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: {
      projects: Project[];
    };
  };
  /** Make a project. Only for people, not with a token. */
  'POST /api/v1/projects': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      name: string;
      time_zone?: string;
    };
    answer: Project;
  };
  /** Change a project; what is not sent stays. Scope `admin`. */
  'PATCH /api/v1/projects/{id}': {
    path: { id: number };
    query: Record<string, never>;
    body: {
      name?: string;
      time_zone?: string;
      capture_enabled?: boolean;
      retention_days?: number;
    };
    answer: Project;
  };
  /** Delete a project with all its data. Scope `delete`. */
  'DELETE /api/v1/projects/{id}': {
    path: { id: number };
    query: Record<string, never>;
    body: undefined;
    answer: Deletion;
  };
  /** What arrived lately and what was refused. Scope `read`. */
  'GET /api/v1/projects/{id}/ingest-status': {
    path: { id: number };
    query: { device_id?: string; session_id?: string };
    body: undefined;
    answer: IngestStatus;
  };
  /** What the recorders of a project record. Scope `read`. */
  'GET /api/v1/settings': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: CaptureSettings;
  };
  /** Change what is recorded; null is as the server says. Scope `admin`. */
  'PATCH /api/v1/settings': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      capture: CaptureChange;
    };
    answer: CaptureSettings;
  };
  /** Quick numbers, by day of the project's time zone. Scope `read`. */
  'GET /api/v1/summary': {
    path: Record<string, never>;
    query: { project_id?: number; range?: '1d' | '7d' | '30d' };
    body: undefined;
    answer: Summary;
  };
  /** Replays that a filter finds. Scope `read`. */
  'GET /api/v1/replays': {
    path: Record<string, never>;
    query: { project_id?: number; filter?: string; range?: '1d' | '7d' | '30d' | 'all'; from?: string; to?: string; live?: boolean; unseen?: boolean; sort?: 'started' | 'duration' | 'activity' | 'errors' | 'frustration'; order?: 'desc' | 'asc'; limit?: number; cursor?: string };
    body: undefined;
    answer: ReplayPage;
  };
  /** What the found replays have in common. Scope `read`. */
  'GET /api/v1/replays/facets': {
    path: Record<string, never>;
    query: { project_id?: number; filter?: string; range?: '1d' | '7d' | '30d' | 'all'; from?: string; to?: string; live?: boolean; unseen?: boolean; fields?: string; limit?: number };
    body: undefined;
    answer: FacetPage;
  };
  /** One replay. Scope `read`. */
  'GET /api/v1/replays/{id}': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: ReplayWithPerson;
  };
  /** Delete a replay; it is gone at once, its data when the job is done. Scope `delete`. */
  'DELETE /api/v1/replays/{id}': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: Deletion;
  };
  /** The replays beside one in a list. Scope `read`. */
  'GET /api/v1/replays/{id}/neighbours': {
    path: { id: string };
    query: { project_id?: number; filter?: string; range?: '1d' | '7d' | '30d' | 'all'; from?: string; to?: string; live?: boolean; unseen?: boolean; sort?: 'started' | 'duration' | 'activity' | 'errors' | 'frustration'; order?: 'desc' | 'asc'; playlist?: number };
    body: undefined;
    answer: {
      previous: string | null;
      next: string | null;
    };
  };
  /** When and where a phrase stood on the screen. Scope `read`. */
  'GET /api/v1/replays/{id}/text-hits': {
    path: { id: string };
    query: { project_id?: number; text: string; limit?: number };
    body: undefined;
    answer: {
      hits: TextHit[];
      complete: boolean;
    };
  };
  /** What a player has to know before it plays. Scope `read`. */
  'GET /api/v1/replays/{id}/manifest': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: Manifest;
  };
  /** The events exactly as they were recorded. Scope `read`. */
  'GET /api/v1/replays/{id}/events': {
    path: { id: string };
    query: { project_id?: number; from?: number; to?: number };
    body: undefined;
    answer: RecordedEvent[];
  };
  /** The events made safe for a player. Scope `read`. */
  'GET /api/v1/replays/{id}/playback': {
    path: { id: string };
    query: { project_id?: number; from?: number; to?: number; at?: number; tab?: number };
    body: undefined;
    answer: RecordedEvent[];
  };
  /** The page at a time, as a few events. Scope `read`. */
  'GET /api/v1/replays/{id}/state': {
    path: { id: string };
    query: { project_id?: number; at: number; tab?: number };
    body: undefined;
    answer: RecordedEvent[];
  };
  /** What happened: clicks, pages, requests, errors, text. Scope `read`. */
  'GET /api/v1/replays/{id}/facts': {
    path: { id: string };
    query: { project_id?: number; from?: number; to?: number; kinds?: string; limit?: number };
    body: undefined;
    answer: {
      facts: Fact[];
      complete: boolean;
    };
  };
  /** What SDKs and servers said happened in its session, newest first. Scope `read`. */
  'GET /api/v1/replays/{id}/analytics': {
    path: { id: string };
    query: { project_id?: number; limit?: number; cursor?: string };
    body: undefined;
    answer: {
      events: NumberedEvent[];
      next_cursor: string | null;
    };
  };
  /** The replay as a file. Scope `read`. */
  'GET /api/v1/replays/{id}/export': {
    path: { id: string };
    query: { project_id?: number; format?: 'json' | 'html'; tab?: number };
    body: undefined;
    answer: RecordedEvent[] | Blob;
  };
  /** Clicks and scroll depth as recorders summed them up. Scope `read`. */
  'GET /api/v1/replays/{id}/interactions': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: unknown[];
  };
  /** Errors that SDKs sent and that belong to the replay. Scope `read`. */
  'GET /api/v1/replays/{id}/errors': {
    path: { id: string };
    query: { project_id?: number; limit?: number };
    body: undefined;
    answer: {
      errors: StoredError[];
      complete: boolean;
    };
  };
  /** Spans of traces that the replay is part of. Scope `read`. */
  'GET /api/v1/replays/{id}/spans': {
    path: { id: string };
    query: { project_id?: number; limit?: number };
    body: undefined;
    answer: {
      spans: Span[];
      complete: boolean;
    };
  };
  /** A film of a mobile screen; answers ranges. Scope `read`. */
  'GET /api/v1/replays/{id}/video/{film}': {
    path: { id: string; film: string };
    query: { project_id?: number };
    body: undefined;
    answer: Blob;
  };
  /** An archived style sheet, font or image. Scope `read`. */
  'GET /api/v1/assets/{project}/{key}': {
    path: { project: string; key: string };
    query: Record<string, never>;
    body: undefined;
    answer: Blob;
  };
  /** What people wrote at moments of a replay. Scope `read`. */
  'GET /api/v1/replays/{id}/comments': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: {
      comments: Comment[];
    };
  };
  /** Write a comment. Scope `write`. */
  'POST /api/v1/replays/{id}/comments': {
    path: { id: string };
    query: { project_id?: number };
    body: {
      at_ms: number;
      text: string;
    };
    answer: Comment;
  };
  /** Delete a comment of one's own. Scope `write`. */
  'DELETE /api/v1/comments/{id}': {
    path: { id: number };
    query: Record<string, never>;
    body: undefined;
    answer: undefined;
  };
  /** Mark a replay as seen. Scope `write`. */
  'PUT /api/v1/replays/{id}/seen': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Mark a replay as not seen. Scope `write`. */
  'DELETE /api/v1/replays/{id}/seen': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Who saw a replay. Scope `read`. */
  'GET /api/v1/replays/{id}/viewers': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: {
      viewers: Viewer[];
    };
  };
  /** How whoever asks rated the replay. Scope `read`. */
  'GET /api/v1/replays/{id}/rating': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: Rating | null;
  };
  /** Rate how well a replay plays. Scope `write`. */
  'PUT /api/v1/replays/{id}/rating': {
    path: { id: string };
    query: { project_id?: number };
    body: {
      rating: 'up' | 'down';
      reason?: RatingReason | null;
      text?: string;
    };
    answer: undefined;
  };
  /** All ratings of a project. Scope `read`. */
  'GET /api/v1/ratings': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      ratings: Rating[];
    };
  };
  /** What filters may say. Scope `read`. */
  'GET /api/v1/search/fields': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: SearchFields;
  };
  /** Names that can be written in a filter. Scope `read`. */
  'GET /api/v1/search/names': {
    path: Record<string, never>;
    query: { project_id?: number; prefix?: string; limit?: number };
    body: undefined;
    answer: {
      names: SuggestedName[];
    };
  };
  /** Values that a field has. Scope `read`. */
  'GET /api/v1/search/values': {
    path: Record<string, never>;
    query: { project_id?: number; prefix?: string; limit?: number; field: string };
    body: undefined;
    answer: {
      values: SuggestedValue[];
    };
  };
  /** From one form of a filter to both. Scope `read`. */
  'POST /api/v1/search/parse': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      text?: string;
      json?: FilterJson;
    };
    answer: {
      text: string;
      json: FilterJson;
    };
  };
  /** One error, with the event as it was sent. Scope `read`. */
  'GET /api/v1/errors/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: ErrorWithEvent;
  };
  /** Errors that are taken for the same fault. Scope `read`. */
  'GET /api/v1/issues': {
    path: Record<string, never>;
    query: { project_id?: number; query?: string; sort?: 'last_seen' | 'first_seen' | 'events' | 'users'; status_side?: 'page' | 'server'; release?: string; environment?: string; range?: '1d' | '7d' | '30d' | 'all'; from?: string; to?: string; limit?: number; cursor?: string };
    body: undefined;
    answer: {
      issues: Issue[];
      next_cursor: string | null;
    };
  };
  /** One issue. Scope `read`. */
  'GET /api/v1/issues/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: IssueDetail;
  };
  /** The errors of an issue, newest first. Scope `read`. */
  'GET /api/v1/issues/{id}/errors': {
    path: { id: number };
    query: { project_id?: number; limit?: number; cursor?: string };
    body: undefined;
    answer: {
      errors: StoredError[];
      next_cursor: string | null;
    };
  };
  /** Uploads of source maps. Scope `read`. */
  'GET /api/v1/source-maps': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      uploads: SourceMapUpload[];
    };
  };
  /** Upload source maps: a zip archive with a manifest.json. Scope `import`. */
  'POST /api/v1/source-maps': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: Blob;
    answer: SourceMapUpload;
  };
  /** Delete an upload of source maps. Scope `import`. */
  'DELETE /api/v1/source-maps/{id}': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Visitors, newest first. Scope `read`. */
  'GET /api/v1/users': {
    path: Record<string, never>;
    query: { project_id?: number; identity?: string; device?: string; email?: string; property?: string; value?: string; query?: string; limit?: number; cursor?: string };
    body: undefined;
    answer: {
      users: User[];
      next_cursor: string | null;
    };
  };
  /** One visitor. Scope `read`. */
  'GET /api/v1/users/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: UserDetail;
  };
  /** What a visitor did, session by session, newest first. Scope `read`. */
  'GET /api/v1/users/{id}/events': {
    path: { id: number };
    query: { project_id?: number; limit?: number; cursor?: string };
    body: undefined;
    answer: EventStream;
  };
  /** Analytics events, newest first. Scope `read`. */
  'GET /api/v1/events': {
    path: Record<string, never>;
    query: { project_id?: number; event_type?: string; limit?: number };
    body: undefined;
    answer: {
      events: Event[];
    };
  };
  /** The same as a user's events, for an id of which nothing else is known. Scope `read`. */
  'GET /api/v1/events/stream': {
    path: Record<string, never>;
    query: { project_id?: number; identity: string; limit?: number; cursor?: string };
    body: undefined;
    answer: EventStream;
  };
  /** One event as it was sent. Scope `read`. */
  'GET /api/v1/events/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: EventDetail;
  };
  /** Send rrweb events of any recorder, docs/rrweb.md. With an ingest key. */
  'POST /api/v1/ingest/rrweb': {
    path: Record<string, never>;
    query: { device_id: string; session_id: string; user_id?: string; library?: string };
    body: RecordedEvent[];
    answer: {
      replay: string;
      accepted_events: number;
      problems: Record<string, number>;
    };
  };
  /** This document. Scope `read`. */
  'GET /api/v1/openapi.json': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    answer: unknown;
  };
  /** Saved searches, by name. Scope `read`. */
  'GET /api/v1/saved-searches': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      saved_searches: SavedSearch[];
    };
  };
  /** Save a search. Scope `write`. */
  'POST /api/v1/saved-searches': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      name: string;
      is_shared?: boolean;
      search?: SearchDefinitionDraft;
    };
    answer: SavedSearch;
  };
  /** One saved search. Scope `read`. */
  'GET /api/v1/saved-searches/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: SavedSearch;
  };
  /** Change a saved search; what is not sent is as by default. Scope `write`. */
  'PUT /api/v1/saved-searches/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      name: string;
      is_shared?: boolean;
      search?: SearchDefinitionDraft;
    };
    answer: SavedSearch;
  };
  /** Delete a saved search and its alerts. Scope `write`. */
  'DELETE /api/v1/saved-searches/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Playlists, by name. Scope `read`. */
  'GET /api/v1/playlists': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      playlists: Playlist[];
    };
  };
  /** Make a playlist. Scope `write`. */
  'POST /api/v1/playlists': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      name: string;
      is_shared?: boolean;
    };
    answer: Playlist;
  };
  /** A playlist with its replays, in order. Scope `read`. */
  'GET /api/v1/playlists/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: PlaylistWithReplays;
  };
  /** Rename or share a playlist. Scope `write`. */
  'PUT /api/v1/playlists/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      name: string;
      is_shared?: boolean;
    };
    answer: Playlist;
  };
  /** Delete a playlist; its replays stay. Scope `write`. */
  'DELETE /api/v1/playlists/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Add replays at the end of a playlist. Scope `write`. */
  'POST /api/v1/playlists/{id}/replays': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      replays: {
        id: string;
        note?: string;
      }[];
    };
    answer: {
      added: number;
    };
  };
  /** Write the whole playlist anew, in this order. Scope `write`. */
  'PUT /api/v1/playlists/{id}/replays': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      replays: {
        id: string;
        note?: string;
      }[];
    };
    answer: undefined;
  };
  /** Cohorts, by name; sizes as far as they are known. Scope `read`. */
  'GET /api/v1/cohorts': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      cohorts: Cohort[];
    };
  };
  /** Make a cohort. Scope `write`. */
  'POST /api/v1/cohorts': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      name: string;
      definition: CohortDefinitionDraft;
    };
    answer: Cohort;
  };
  /** A cohort with its size, worked out. Scope `read`. */
  'GET /api/v1/cohorts/{id}': {
    path: { id: number };
    query: { project_id?: number; fresh?: boolean };
    body: undefined;
    answer: CohortWithSize;
  };
  /** Change a cohort, but not its kind. Scope `write`. */
  'PUT /api/v1/cohorts/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      name: string;
      definition: CohortDefinitionDraft;
    };
    answer: Cohort;
  };
  /** Delete a cohort that nothing refers to. Scope `write`. */
  'DELETE /api/v1/cohorts/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Write a list anew: CSV, or a JSON array of ids and e-mail addresses. Scope `write`. */
  'PUT /api/v1/cohorts/{id}/list': {
    path: { id: number };
    query: { project_id?: number };
    body: Blob;
    answer: ListReport;
  };
  /** Who is in a cohort, by name. Scope `read`. */
  'GET /api/v1/cohorts/{id}/users': {
    path: { id: number };
    query: { project_id?: number; limit?: number; cursor?: string };
    body: undefined;
    answer: {
      users: CohortMember[];
      next_cursor: string | null;
      size: CohortSize;
    };
  };
  /** The same as a file. Scope `read`. */
  'GET /api/v1/cohorts/{id}/users.csv': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: Blob;
  };
  /** Names that people gave to captured events. Scope `read`. */
  'GET /api/v1/named-events': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      named_events: NamedEvent[];
    };
  };
  /** Give a name to captured events. Scope `write`. */
  'POST /api/v1/named-events': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      name: string;
      matchers: EventMatcher[];
    };
    answer: NamedEvent;
  };
  /** How many events matchers find, also without a name. Scope `read`. */
  'POST /api/v1/named-events/count': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      matchers: EventMatcher[];
    };
    answer: {
      count: number;
      /** In so many last days, with today. */
      days: number;
      /** A day of the project's time zone, such as 2026-01-31. Null: not within a year. */
      last_seen_on: string | null;
    };
  };
  /** One named event. Scope `read`. */
  'GET /api/v1/named-events/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: NamedEvent;
  };
  /** Change the name or what is meant by it. Scope `write`. */
  'PUT /api/v1/named-events/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      name: string;
      matchers: EventMatcher[];
    };
    answer: NamedEvent;
  };
  /** Delete a name that nothing refers to; the events stay. Scope `write`. */
  'DELETE /api/v1/named-events/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Alerts, by name. Scope `read`. */
  'GET /api/v1/alerts': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: {
      alerts: Alert[];
      has_mail: boolean;
    };
  };
  /** Make an alert; only this answer holds the secret that it signs with. Scope `write`. */
  'POST /api/v1/alerts': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: AlertDraft;
    answer: Alert;
  };
  /** One alert. Scope `read`. */
  'GET /api/v1/alerts/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: Alert;
  };
  /** Change an alert; what is not sent is as by default. Scope `write`. */
  'PUT /api/v1/alerts/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: AlertDraft;
    answer: Alert;
  };
  /** Delete an alert. Scope `write`. */
  'DELETE /api/v1/alerts/{id}': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Pause an alert, or run it on. Scope `write`. */
  'PUT /api/v1/alerts/{id}/paused': {
    path: { id: number };
    query: { project_id?: number };
    body: {
      is_paused: boolean;
    };
    answer: Alert;
  };
  /** Send a test; answers with what came of it, after at most 20 s. Scope `write`. */
  'POST /api/v1/alerts/{id}/test': {
    path: { id: number };
    query: { project_id?: number };
    body: undefined;
    answer: {
      deliveries: Delivery[];
    };
  };
  /** What an alert sent or tried to, newest first; kept for 30 days. Scope `read`. */
  'GET /api/v1/alerts/{id}/deliveries': {
    path: { id: number };
    query: { project_id?: number; limit?: number; cursor?: number };
    body: undefined;
    answer: {
      deliveries: Delivery[];
      next_cursor: number | null;
    };
  };
  /** By which numbers frustration is judged. Scope `read`. */
  'GET /api/v1/settings/frustration': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: undefined;
    answer: FrustrationSettings;
  };
  /** Change some of these numbers; null is the default. Scope `admin`. */
  'PATCH /api/v1/settings/frustration': {
    path: Record<string, never>;
    query: { project_id?: number };
    body: {
      frustration: FrustrationChange;
    };
    answer: FrustrationSettings;
  };
  /** Keep a replay whatever its age. Scope `delete`. */
  'PUT /api/v1/replays/{id}/pin': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** Let a replay expire; its time may be over already. Scope `delete`. */
  'DELETE /api/v1/replays/{id}/pin': {
    path: { id: string };
    query: { project_id?: number };
    body: undefined;
    answer: undefined;
  };
  /** The project's retention also for what arrived before it was changed. Scope `delete`. */
  'POST /api/v1/projects/{id}/apply-retention': {
    path: { id: number };
    query: Record<string, never>;
    body: undefined;
    answer: {
      retention_days: number;
      replays_changed: number;
    };
  };
  /** Delete what one of replay_ids, search, filter, user_id and whole_project names. Scope `delete`. */
  'POST /api/v1/deletions': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      project_id?: number;
      replay_ids?: string[];
      search?: DeletionSearch;
      filter?: string;
      user_id?: string;
      whole_project?: boolean;
    };
    answer: Deletion;
  };
  /** What was deleted in the whole organisation, newest first. Only for people, not with a token. */
  'GET /api/v1/deletions': {
    path: Record<string, never>;
    query: { limit?: number; cursor?: number };
    body: undefined;
    answer: {
      deletions: Deletion[];
      next_cursor: number | null;
    };
  };
  /** How many replays a search would delete, and how many it leaves alone. Scope `delete`. */
  'POST /api/v1/deletions/preview': {
    path: Record<string, never>;
    query: Record<string, never>;
    body: {
      project_id?: number;
      search: DeletionSearch;
    };
    answer: {
      replays: number;
      kept_pinned: number;
      kept_live: number;
    };
  };
  /** How far a deletion is. Scope `delete`. */
  'GET /api/v1/deletions/{id}': {
    path: { id: number };
    query: Record<string, never>;
    body: undefined;
    answer: Deletion;
  };
  /** Who deleted, pinned and changed retention in the organisation, newest first. Only for people, not with a token. */
  'GET /api/v1/audit': {
    path: Record<string, never>;
    query: { limit?: number; cursor?: number };
    body: undefined;
    answer: {
      entries: AuditEntry[];
      next_cursor: number | null;
    };
  };
}
