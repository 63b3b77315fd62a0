/** A place playback can start from: the Meta event of a page and the full snapshot that follows. */
export interface Keyframe {
  meta_ms: number;
  snapshot_ms: number;
}

/** The part of an rrweb event that is looked at here. */
export interface TimedEvent {
  type: number;
  timestamp: number;
}

const full_snapshot = 2;
const meta = 4;

export function keyframesOf(events: TimedEvent[]): Keyframe[] {
  const keyframes: Keyframe[] = [];
  let meta_ms: number | null = null;
  for (const event of events) {
    if (event.type === meta) meta_ms = event.timestamp;
    if (event.type === full_snapshot && meta_ms !== null) {
      keyframes.push({ meta_ms, snapshot_ms: event.timestamp });
      meta_ms = null;
    }
  }
  return keyframes;
}

export function metaTimes(events: TimedEvent[]): number[] {
  return events.filter((event) => event.type === meta).map((event) => event.timestamp);
}

/**
 * The moment to draw for `at_ms`. The Replayer rebuilds from the last Meta at or before its target,
 * so a target between a Meta and its snapshot would leave the old page standing, and one before the
 * first snapshot nothing at all: both move on to just after the snapshot. It applies events
 * strictly before its target, hence the extra millisecond.
 */
export function drawableTime(keyframes: Keyframe[], at_ms: number): number | null {
  const first = keyframes[0];
  if (!first) return null;
  let current = first;
  for (const keyframe of keyframes) if (keyframe.meta_ms <= at_ms) current = keyframe;
  return Math.max(at_ms, current.snapshot_ms) + 1;
}
