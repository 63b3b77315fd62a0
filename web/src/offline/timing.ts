// What the offline player's controls compute.

export interface TimedEvent {
  type: number;
  timestamp: number;
  data: { source?: number };
}

/** Stretches without anything the visitor did that are worth skipping, in milliseconds from the start. */
export interface IdleRange {
  from_ms: number;
  to_ms: number;
}

const incremental_type = 3;
/** Pointer, mouse, scroll, resize, input, touch, media, drag. */
const visitor_sources = new Set([1, 2, 3, 4, 5, 6, 7, 12]);
const idle_after_ms = 5_000;

export function idleRanges(events: readonly TimedEvent[]): IdleRange[] {
  const first = events[0];
  const last = events.at(-1);
  if (!first || !last) return [];
  const ranges: IdleRange[] = [];
  let active_ms = 0;
  const end = (at_ms: number): void => {
    if (at_ms - active_ms > idle_after_ms) ranges.push({ from_ms: active_ms, to_ms: at_ms });
    active_ms = at_ms;
  };
  for (const event of events) {
    if (event.type === incremental_type && visitor_sources.has(event.data.source ?? -1)) {
      end(event.timestamp - first.timestamp);
    }
  }
  end(last.timestamp - first.timestamp);
  return ranges;
}

/** `m:ss`, or `h:mm:ss` from an hour on. */
export function clockText(time_ms: number): string {
  const seconds = Math.max(0, Math.floor(time_ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}
