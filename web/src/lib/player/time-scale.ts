import type { TimeSpan } from '$lib/api/types';

/** The stretch of the replay that the timeline shows. Pure arithmetic between time and pixels. */
export type View = TimeSpan;

/** Closer than this, single frames would be metres apart. */
const shortest_view_ms = 1_000;

export function xOf(view: View, width: number, at_ms: number): number {
  return ((at_ms - view.from_ms) / Math.max(1, view.to_ms - view.from_ms)) * width;
}

export function timeAt(view: View, width: number, x: number): number {
  const part = Math.min(1, Math.max(0, x / Math.max(1, width)));
  return view.from_ms + part * (view.to_ms - view.from_ms);
}

export function isZoomed(view: View, whole: View): boolean {
  return view.to_ms - view.from_ms < (whole.to_ms - whole.from_ms) * 0.999;
}

/** `factor` above 1 shows less time, larger; `around_ms` stays where it is on the screen. */
export function zoom(view: View, whole: View, factor: number, around_ms: number): View {
  const length_ms = view.to_ms - view.from_ms;
  const whole_ms = whole.to_ms - whole.from_ms;
  const next_ms = Math.min(whole_ms, Math.max(Math.min(shortest_view_ms, whole_ms), length_ms / factor));
  const part = length_ms > 0 ? (around_ms - view.from_ms) / length_ms : 0.5;
  return within(around_ms - part * next_ms, next_ms, whole);
}

export function pan(view: View, whole: View, by_ms: number): View {
  return within(view.from_ms + by_ms, view.to_ms - view.from_ms, whole);
}

/** The view with the playhead in it: turned like a page when it runs out at the right. */
export function following(view: View, whole: View, at_ms: number): View {
  const length_ms = view.to_ms - view.from_ms;
  if (at_ms >= view.from_ms && at_ms <= view.to_ms) return view;
  return within(at_ms - length_ms * 0.05, length_ms, whole);
}

/** A longer recording: a view of everything stays one, any other stays where it is. */
export function grown(view: View, before: View, whole: View): View {
  if (!isZoomed(view, before)) return whole;
  return within(view.from_ms, view.to_ms - view.from_ms, whole);
}

function within(from_ms: number, length_ms: number, whole: View): View {
  const latest_ms = Math.max(whole.from_ms, whole.to_ms - length_ms);
  const start_ms = Math.min(latest_ms, Math.max(whole.from_ms, from_ms));
  return { from_ms: start_ms, to_ms: start_ms + length_ms };
}
