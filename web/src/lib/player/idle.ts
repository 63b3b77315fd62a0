import type { TimeSpan } from '$lib/api/types';

/** Shorter pauses are part of what the visitor did. */
export const idle_threshold_ms = 5_000;
/** Playback resumes this much before the activity, so that its first moment is seen. */
export const resume_before_ms = 500;

/** The stretches without activity, from the server's list of active ones. */
export function idleSpans(active: TimeSpan[], first_ms: number, last_ms: number): TimeSpan[] {
  const idle: TimeSpan[] = [];
  let covered_ms = first_ms;
  const sorted = [...active].sort((a, b) => a.from_ms - b.from_ms);
  for (const span of [...sorted, { from_ms: last_ms, to_ms: last_ms }]) {
    const from_ms = Math.min(span.from_ms, last_ms);
    if (from_ms - covered_ms > idle_threshold_ms) idle.push({ from_ms: covered_ms, to_ms: from_ms });
    covered_ms = Math.max(covered_ms, span.to_ms);
  }
  return idle;
}

/**
 * Where to jump from `at_ms`, or null to keep playing. A stretch that is nearly over is played out:
 * a jump of a moment only stutters.
 */
export function skipTarget(
  idle: TimeSpan[],
  at_ms: number,
  last_ms: number,
  live: boolean,
): number | null {
  const span = spanAt(idle, at_ms);
  if (!span) return null;
  const at_end = span.to_ms >= last_ms;
  // At the edge of a live replay nobody knows yet whether the visitor is idle.
  if (at_end && live) return null;
  const target_ms = at_end ? last_ms : span.to_ms - resume_before_ms;
  return target_ms - at_ms > 1_000 ? target_ms : null;
}

/** Binary search: there can be thousands, and this is asked each frame. */
export function spanAt<T extends TimeSpan>(spans: T[], at_ms: number): T | null {
  const index = lastStartedIndex(spans, at_ms, (span) => span.from_ms);
  const span = spans[index];
  return span && at_ms < span.to_ms ? span : null;
}

/** Index of the last item that starts at or before `at_ms`, or -1. Items are sorted by start. */
export function lastStartedIndex<T>(items: T[], at_ms: number, start: (item: T) => number): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (start(items[middle] as T) <= at_ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
