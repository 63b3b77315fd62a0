import type { TabSpan, TimeSpan, Viewport } from '$lib/api/types';
import type { PageSize } from './stage-protocol';

/** A stretch in which one browser tab is shown. */
export interface Segment extends TimeSpan {
  tab: number;
}

/**
 * Which tab is shown when: the one that had the focus, and while none had it, the one before. Covers
 * the whole replay without holes. `pinned` shows one tab throughout.
 */
export function tabSegments(
  tabs: TabSpan[],
  first_ms: number,
  last_ms: number,
  pinned: number | null = null,
): Segment[] {
  const whole = { from_ms: first_ms, to_ms: last_ms };
  const only = tabs[0];
  if (pinned !== null) return [{ ...whole, tab: pinned }];
  if (!only || tabs.length === 1) return [{ ...whole, tab: only?.tab ?? 0 }];
  const focused = tabs
    .flatMap(({ tab, focused }) => focused.map((span) => ({ ...span, tab })))
    .sort((a, b) => a.from_ms - b.from_ms);
  const segments: Segment[] = [];
  for (const span of focused) {
    const last = segments.at(-1);
    if (last?.tab === span.tab) continue;
    const from_ms = last ? Math.max(last.from_ms, span.from_ms) : first_ms;
    if (last) last.to_ms = from_ms;
    segments.push({ from_ms, to_ms: last_ms, tab: span.tab });
  }
  if (segments.length === 0) return [{ ...whole, tab: only.tab }];
  // The start belongs to the tab that was there first, even when its focus was never recorded.
  const first = segments[0] as Segment;
  const opened = [...tabs].sort((a, b) => a.from_ms - b.from_ms)[0] as TabSpan;
  const focus_ms = focused[0]?.from_ms ?? first_ms;
  if (opened.tab !== first.tab && focus_ms > first_ms) {
    first.from_ms = focus_ms;
    segments.unshift({ from_ms: first_ms, to_ms: focus_ms, tab: opened.tab });
  }
  return segments.filter((segment) => segment.to_ms > segment.from_ms || segments.length === 1);
}

/** The size of the recorded window at a moment; before the first known size, that one. */
export function sizeAt(viewports: Viewport[], at_ms: number): PageSize | undefined {
  const known = viewports.findLast((viewport) => viewport.at_ms <= at_ms) ?? viewports[0];
  return known && { width: known.width, height: known.height };
}
