import type { Marker, MarkerKind } from '$lib/api/types';
import { xOf, type View } from './time-scale';

export type Shape = 'error' | 'frustration' | 'dead' | 'network' | 'vital' | 'navigation' | 'custom' | 'comment' | 'click';

interface KindFacts {
  /** What hides what in a crowded spot: lower wins. */
  rank: number;
  shape: Shape;
  name: string;
  panel: string;
}

export const marker_kinds: Record<MarkerKind, KindFacts> = {
  error: { rank: 0, shape: 'error', name: 'Error', panel: 'errors' },
  console_error: { rank: 1, shape: 'error', name: 'Console error', panel: 'console' },
  rage_click: { rank: 2, shape: 'frustration', name: 'Rage click', panel: 'activity' },
  dead_click: { rank: 3, shape: 'dead', name: 'Dead click', panel: 'activity' },
  error_click: { rank: 4, shape: 'frustration', name: 'Error click', panel: 'activity' },
  blank_page: { rank: 5, shape: 'frustration', name: 'Blank page', panel: 'activity' },
  endless_spinner: { rank: 6, shape: 'frustration', name: 'Endless spinner', panel: 'activity' },
  slow_click: { rank: 7, shape: 'frustration', name: 'Slow click', panel: 'activity' },
  thrashed_cursor: { rank: 8, shape: 'frustration', name: 'Thrashed cursor', panel: 'activity' },
  quick_back: { rank: 9, shape: 'frustration', name: 'Quick back', panel: 'activity' },
  broken_image: { rank: 10, shape: 'network', name: 'Broken image', panel: 'activity' },
  failed_request: { rank: 11, shape: 'network', name: 'Failed request', panel: 'network' },
  slow_request: { rank: 12, shape: 'network', name: 'Slow request', panel: 'network' },
  feedback: { rank: 13, shape: 'comment', name: 'Feedback', panel: 'activity' },
  web_vital: { rank: 14, shape: 'vital', name: 'Web vital', panel: 'performance' },
  navigation: { rank: 15, shape: 'navigation', name: 'Page', panel: 'activity' },
  custom: { rank: 16, shape: 'custom', name: 'Event', panel: 'activity' },
  click: { rank: 17, shape: 'click', name: 'Click', panel: 'activity' },
};

/** Markers that would lie on each other, as one. */
export interface MarkerBin {
  /** Left edge in pixels. */
  x: number;
  at_ms: number;
  markers: Marker[];
  /** Up to three kinds, most important first. */
  kinds: MarkerKind[];
}

/** Unknown kinds of a newer server are shown as events. */
export function kindOf(marker: Marker): KindFacts {
  return marker_kinds[marker.kind] ?? marker_kinds.custom;
}

export function binMarkers(markers: Marker[], view: View, width: number, bin_px = 18): MarkerBin[] {
  const bins = new Map<number, Marker[]>();
  for (const marker of markers) {
    if (marker.at_ms < view.from_ms || marker.at_ms > view.to_ms) continue;
    // Plain clicks are in the activity area already, unless there is room to tell them apart.
    if (marker.kind === 'click' && view.to_ms - view.from_ms > 60_000) continue;
    const slot = Math.floor(Math.min(width - 1, xOf(view, width, marker.at_ms)) / bin_px);
    const bin = bins.get(slot);
    if (bin) bin.push(marker);
    else bins.set(slot, [marker]);
  }
  return [...bins.entries()]
    .sort(([a], [b]) => a - b)
    .map(([slot, inside]) => {
      const ranked = inside.toSorted((a, b) => kindOf(a).rank - kindOf(b).rank || a.at_ms - b.at_ms);
      const kinds = [...new Set(ranked.map((marker) => marker.kind))].slice(0, 3);
      return { x: slot * bin_px, at_ms: (ranked[0] as Marker).at_ms, markers: ranked, kinds };
    });
}

export function binText(bin: MarkerBin): string {
  const counts = new Map<string, number>();
  for (const marker of bin.markers) {
    const { name } = kindOf(marker);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`)).join(', ');
}

/** The next marker worth stopping at; plain clicks are not. */
export function neighbourMarker(markers: Marker[], at_ms: number, direction: 1 | -1): Marker | null {
  const worth = markers.filter((marker) => marker.kind !== 'click');
  if (direction > 0) return worth.find((marker) => marker.at_ms > at_ms + 50) ?? null;
  return worth.findLast((marker) => marker.at_ms < at_ms - 500) ?? null;
}
