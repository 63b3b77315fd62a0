import type { Chunk } from '$lib/api/types';
import { lastStartedIndex } from './idle';

/**
 * What is loaded, what is needed and what to load next. Pure planning: no network, no stage.
 *
 * A moment can be shown when the chunk with the last page start (a Meta event with its snapshot)
 * at or before it is loaded, and every chunk from there on. Which chunks hold page starts is known
 * for certain only after loading; the manifest's list of pages is a good guess where to begin.
 */
export type ChunkState = 'missing' | 'loading' | 'loaded' | 'failed';

export interface Slot extends Chunk {
  state: ChunkState;
  /** Page starts found in the chunk; empty until it is loaded. */
  page_starts_ms: number[];
}

export interface Run {
  first: number;
  last: number;
}

/** Loaded ahead of the playhead, in recording time at normal speed. */
export const ahead_ms = 120_000;
export const ahead_bytes = 16_000_000;

export class Buffer {
  slots: Slot[] = [];

  /**
   * Takes the chunk list of a newer manifest and returns the starts of slots that were given up, so
   * that the stage forgets them too. A live recording grows at its end: what is already loaded of a
   * longer chunk stays, and only the new tail becomes a slot of its own.
   */
  update(chunks: Chunk[]): number[] {
    const kept = new Set<Slot>();
    const old = this.slots;
    this.slots = chunks.flatMap((chunk) => {
      const pieces = old.filter((slot) => slot.from_ms >= chunk.from_ms && slot.to_ms <= chunk.to_ms);
      const known = pieces.reduce((sum, slot) => sum + slot.event_count, 0);
      const covered_ms = pieces.at(-1)?.to_ms ?? chunk.from_ms;
      const tail = chunk.event_count - known;
      // Events that came late into a stretch we have: only loading it again puts them in order.
      const late = covered_ms === chunk.to_ms ? tail !== 0 : tail < 0;
      if (pieces[0]?.from_ms !== chunk.from_ms || late) return [fresh(chunk)];
      for (const piece of pieces) kept.add(piece);
      if (covered_ms === chunk.to_ms) return pieces;
      const size_bytes = pieces.reduce((rest, slot) => rest - slot.size_bytes, chunk.size_bytes);
      return [
        ...pieces,
        fresh({
          from_ms: covered_ms,
          to_ms: chunk.to_ms,
          event_count: tail,
          size_bytes: Math.max(0, size_bytes),
        }),
      ];
    });
    return old
      .filter((slot) => !kept.has(slot) && slot.state !== 'missing')
      .map((slot) => slot.from_ms);
  }

  find(from_ms: number): Slot | undefined {
    return this.slots.find((slot) => slot.from_ms === from_ms);
  }

  indexAt(at_ms: number): number {
    return Math.max(0, lastStartedIndex(this.slots, at_ms, (slot) => slot.from_ms));
  }

  /** The loaded run that can show `at_ms`, or null when something for it is still missing. */
  runFor(at_ms: number): Run | null {
    const at = this.indexAt(at_ms);
    let first = at;
    for (; first >= 0; first -= 1) {
      const slot = this.slots[first];
      if (!slot || slot.state !== 'loaded') return null;
      if (slot.page_starts_ms.some((start_ms) => start_ms <= at_ms)) break;
    }
    first = Math.max(0, first);
    let last = at;
    while (this.slots[last + 1]?.state === 'loaded') last += 1;
    // Before the first page start: the run must at least reach one.
    const reached = this.slots.slice(first, last + 1).some((slot) => slot.page_starts_ms.length > 0);
    return reached ? { first, last } : null;
  }

  /** How far playback can go from `at_ms` without waiting. */
  loadedUntil(at_ms: number): number {
    const at = this.indexAt(at_ms);
    let until_ms = at_ms;
    for (let index = at; this.slots[index]?.state === 'loaded'; index += 1) {
      // Up to the start of the next chunk: a hole between two chunks has nothing to wait for.
      until_ms = this.slots[index + 1]?.from_ms ?? Infinity;
    }
    return until_ms;
  }

  /** The chunk whose failure keeps `at_ms` from being shown or playback from going on. */
  blockedBy(at_ms: number): Slot | null {
    const at = this.indexAt(at_ms);
    for (let index = at; index >= 0; index -= 1) {
      const slot = this.slots[index];
      if (slot?.state === 'failed') return slot;
      if (slot?.page_starts_ms.some((start_ms) => start_ms <= at_ms)) break;
    }
    const next = this.slots[at + 1];
    return next?.state === 'failed' && this.loadedUntil(at_ms) - at_ms < 100 ? next : null;
  }

  /**
   * The next chunks to request, most urgent first. `page_hints_ms` are the page starts according to
   * the manifest.
   */
  wanted(at_ms: number, speed: number, page_hints_ms: number[]): Slot[] {
    if (this.slots.length === 0) return [];
    const at = this.indexAt(at_ms);
    const hint_ms = page_hints_ms[lastStartedIndex(page_hints_ms, at_ms, (page_ms) => page_ms)];
    const hinted = hint_ms === undefined ? 0 : this.indexAt(hint_ms);
    const order: Slot[] = [];
    const take = (index: number) => {
      const slot = this.slots[index];
      if (slot?.state === 'missing') order.push(slot);
    };
    // Back to the page start: to the known one, else to where the manifest says, else one by one.
    let first = at;
    while (first > 0 && !this.slots[first]?.page_starts_ms.some((start) => start <= at_ms)) {
      if (first <= hinted && this.slots[first]?.state !== 'loaded') break;
      first -= 1;
    }
    for (let index = first; index <= at; index += 1) take(index);
    let bytes = 0;
    const horizon_ms = at_ms + ahead_ms * Math.max(1, speed);
    for (let index = at + 1; index < this.slots.length; index += 1) {
      const slot = this.slots[index] as Slot;
      bytes += slot.size_bytes;
      // Nothing can be drawn before a page start is found, however far that is.
      const needed_for_first_page = this.slots
        .slice(first, index)
        .every((earlier) => earlier.state === 'loaded' && earlier.page_starts_ms.length === 0);
      const at_once = index === at + 1 || needed_for_first_page;
      if (!at_once && (slot.from_ms > horizon_ms || bytes > ahead_bytes)) break;
      take(index);
    }
    return order;
  }

  /** Loaded stretches joined for drawing. */
  loadedSpans(): { from_ms: number; to_ms: number }[] {
    return joined(this.slots, 'loaded');
  }

  failedSpans(): { from_ms: number; to_ms: number }[] {
    return joined(this.slots, 'failed');
  }
}

function fresh(chunk: Chunk): Slot {
  return { ...chunk, state: 'missing', page_starts_ms: [] };
}

function joined(slots: Slot[], state: ChunkState): { from_ms: number; to_ms: number }[] {
  const spans: { from_ms: number; to_ms: number }[] = [];
  let before: Slot | undefined;
  for (const slot of slots) {
    const last = spans.at(-1);
    if (slot.state === state) {
      if (last && before?.state === state) last.to_ms = slot.to_ms;
      else spans.push({ from_ms: slot.from_ms, to_ms: slot.to_ms });
    }
    before = slot;
  }
  return spans;
}
