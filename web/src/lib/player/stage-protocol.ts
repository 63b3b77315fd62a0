// What the player and the stage say to each other by postMessage. Both sides check origin and source.

/**
 * As long as a state and what was appended to it are no more than this, the stage keeps them and can
 * go back in them without anybody's help. Both sides count the same bytes.
 */
export const kept_bytes = 3_000_000;

/** The size of the page, for a state that comes without it. */
export interface PageSize {
  width: number;
  height: number;
}

/** A clock both sides can read: the moment `at_ms` stood at `wall_ms` (time origin plus now). */
export interface ClockState {
  wall_ms: number;
  at_ms: number;
  playing: boolean;
  speed: number;
  /** Play time stops here: the end of what is loaded. */
  ceiling_ms: number;
}

/** Player to stage. Bytes are JSON lists of events as the server sent them. */
export type ToStage =
  /**
   * The state at `from_ms` and what follows; `at_ms`, somewhere in it, is what to show. Answered by
   * `shown` or `error`, as is `jump`.
   */
  | { kind: 'load'; seek: number; from_ms: number; at_ms: number; bytes: ArrayBuffer; size?: PageSize }
  /** What follows the last `load` or `append` without a hole; what is not after `after_ms` is left out. */
  | { kind: 'append'; seek: number; after_ms: number; bytes: ArrayBuffer }
  /** To `at_ms` through what is loaded; backward only while that is no more than `kept_bytes`. */
  | { kind: 'jump'; seek: number; at_ms: number }
  /** Holds for the page of `seek`; until that is there, nothing moves. */
  | ({ kind: 'clock'; seek: number } & ClockState)
  | { kind: 'options'; trail: boolean; still: boolean }
  /** The next or previous change of the page, of what is known. Answered by `change`. */
  | { kind: 'find_change'; request: number; at_ms: number; direction: 1 | -1 }
  /** Children of a node; null is the page itself. Answered by `nodes`. */
  | { kind: 'inspect'; request: number; node_id: number | null }
  /** The node at a point of the page. Answered by `path`: its ancestors from the outside in. */
  | { kind: 'pick'; request: number; x: number; y: number }
  /** Answered by `box`. */
  | { kind: 'measure'; request: number; node_id: number }
  /** Answered by `element`: what was meant if the node was clicked. */
  | { kind: 'describe'; request: number; node_id: number }
  | { kind: 'highlight'; node_id: number | null };

/** Stage to player. */
export type FromStage =
  | { kind: 'ready' }
  | { kind: 'size'; width: number; height: number; scale: number; left: number; top: number }
  | { kind: 'shown'; seek: number; node_count: number }
  | { kind: 'error'; seek: number; message: string }
  | { kind: 'change'; request: number; at_ms: number | null }
  | { kind: 'nodes'; request: number; nodes: NodeSummary[] }
  | { kind: 'path'; request: number; path: number[] }
  | { kind: 'box'; request: number; box: NodeBox | null }
  | { kind: 'element'; request: number; element: PickedElement | null };

/** What SDKs say of an element. Empty is what it has not; long texts are cut. */
export interface PickedElement {
  tag: string;
  text: string;
  id: string;
  class: string;
  href: string;
  aria_label: string;
}

/** One line of the element tree. Texts are cut; they are for looking at. */
export interface NodeSummary {
  id: number;
  kind: 'element' | 'text' | 'comment' | 'document' | 'shadow';
  name: string;
  attributes: [name: string, value: string][];
  text: string;
  child_count: number;
}

export interface Edges {
  top: number;
  right: number;
  bottom: number;
  left: number;
}

export interface NodeBox {
  selector: string;
  x: number;
  y: number;
  width: number;
  height: number;
  margin: Edges;
  border: Edges;
  padding: Edges;
  styles: [name: string, value: string][];
}

/** The time both documents agree on. `performance.now()` starts at zero in each of them. */
export function wallTime(): number {
  return performance.timeOrigin + performance.now();
}

export function clockTimeAt(clock: ClockState, wall_ms: number): number {
  if (!clock.playing) return clock.at_ms;
  const at_ms = clock.at_ms + (wall_ms - clock.wall_ms) * clock.speed;
  return Math.min(at_ms, Math.max(clock.ceiling_ms, clock.at_ms));
}
