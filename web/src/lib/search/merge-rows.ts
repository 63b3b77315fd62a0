import type { Replay } from '$lib/api/types';

export interface Merged {
  /** The rows to show: the same ones in the same order, with their newest facts. */
  shown: Replay[];
  /** How many the newest answer has that are not shown. */
  new_count: number;
}

/**
 * Takes a newer answer for the first page without moving a row under the pointer. An empty list has
 * nothing to move and fills by itself.
 */
export function mergeRows(shown: Replay[], newest: Replay[]): Merged {
  if (shown.length === 0) return { shown: newest, new_count: 0 };
  const facts = new Map(newest.map((replay) => [replay.id, replay]));
  const last_start = shown.at(-1)?.started_at ?? '';
  const known = new Set(shown.map((replay) => replay.id));
  const fresh = newest.filter(
    // Rows further down than the last shown one are older, not new: one above was erased.
    (replay) => !known.has(replay.id) && replay.started_at >= last_start,
  );
  return { shown: shown.map((replay) => facts.get(replay.id) ?? replay), new_count: fresh.length };
}
