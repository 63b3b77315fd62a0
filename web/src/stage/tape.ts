/** The part of an rrweb event that is looked at here; the rest is the Replayer's. */
export interface RecordedEvent {
  type: number;
  timestamp: number;
  data: { source?: number; positions?: Position[]; [more: string]: unknown };
}

interface Position {
  x: number;
  y: number;
  id: number;
  timeOffset: number;
}

export const event_type = { full_snapshot: 2, incremental: 3, meta: 4 } as const;
export const source = {
  mutation: 0,
  mouse_move: 1,
  mouse_interaction: 2,
  scroll: 3,
  touch_move: 6,
  drag: 12,
  selection: 14,
} as const;

const past_limit = 5_000;

/**
 * The events between the play time and the end of what is loaded. What was played is let go, so that
 * hours of playback hold no more than minutes; only the times of the last changes are kept, for
 * stepping back.
 */
export class Tape {
  #events: RecordedEvent[] = [];
  #next = 0;
  #past_ms: number[] = [];
  #last_ms = -Infinity;

  clear(): void {
    this.#events = [];
    this.#next = 0;
    this.#past_ms = [];
    this.#last_ms = -Infinity;
  }

  get length(): number {
    return this.#events.length - this.#next;
  }

  append(events: RecordedEvent[]): void {
    const added = events.flatMap(singlePositions);
    // A batch of movements is written when it ends: its first points lie before other events. Points
    // before the end of the tape are played at once, not sorted into the past.
    for (const event of added) if (event.timestamp < this.#last_ms) event.timestamp = this.#last_ms;
    added.sort((a, b) => a.timestamp - b.timestamp);
    this.#last_ms = added.at(-1)?.timestamp ?? this.#last_ms;
    this.#events = this.#events.slice(this.#next).concat(added);
    this.#next = 0;
  }

  /** What is due at `at_ms`, in order; it leaves the tape. */
  takeUntil(at_ms: number): RecordedEvent[] {
    const from = this.#next;
    let event = this.#events[this.#next];
    while (event && event.timestamp <= at_ms) {
      if (isChange(event)) this.#past_ms.push(event.timestamp);
      this.#next += 1;
      event = this.#events[this.#next];
    }
    const due = this.#events.slice(from, this.#next);
    if (this.#past_ms.length > 2 * past_limit) this.#past_ms = this.#past_ms.slice(-past_limit);
    if (this.#next > 2_000) {
      this.#events = this.#events.slice(this.#next);
      this.#next = 0;
    }
    return due;
  }

  changeAfter(at_ms: number): number | null {
    for (let index = this.#next; index < this.#events.length; index += 1) {
      const event = this.#events[index] as RecordedEvent;
      if (event.timestamp > at_ms && isChange(event)) return event.timestamp;
    }
    return null;
  }

  changeBefore(at_ms: number): number | null {
    return this.#past_ms.findLast((past_ms) => past_ms < at_ms) ?? null;
  }
}

/** Recordings come from strangers; what is no event at all is left out. */
export function isEvent(value: unknown): value is RecordedEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { type, timestamp, data } = value as Partial<RecordedEvent>;
  return typeof type === 'number' && Number.isFinite(timestamp) && typeof data === 'object' && data !== null;
}

/** A page of which nobody told a size is shown on an ordinary screen. */
const usual_size = { width: 1280, height: 800 };

/** Without a size, or with none to speak of, the Replayer would show nothing. */
export function withSize(events: RecordedEvent[], known: { width: number; height: number } | undefined): RecordedEvent[] {
  const size = known && known.width > 0 && known.height > 0 ? known : usual_size;
  const is_sized = ({ data }: RecordedEvent) => Number(data['width']) > 0 && Number(data['height']) > 0;
  const sized = events.map((event) =>
    event.type === event_type.meta && !is_sized(event) ? { ...event, data: { ...event.data, ...size } } : event,
  );
  if (sized.some((event) => event.type === event_type.meta)) return sized;
  return [{ type: event_type.meta, timestamp: events[0]?.timestamp ?? 0, data: { ...size } }, ...sized];
}

/** Something to see happened, other than the pointer on its way. */
export function isChange(event: RecordedEvent): boolean {
  if (event.type === event_type.full_snapshot) return true;
  return event.type === event_type.incremental && !isMove(event) && event.data.source !== source.selection;
}

export function isMove(event: RecordedEvent): boolean {
  const from = event.data.source;
  return (
    event.type === event_type.incremental &&
    (from === source.mouse_move || from === source.touch_move || from === source.drag)
  );
}

/** A batch of movements as one event each, at the time the pointer was there. */
function singlePositions(event: RecordedEvent): RecordedEvent[] {
  const positions = event.data.positions;
  if (!isMove(event) || !Array.isArray(positions)) return [event];
  return positions.map((position) => ({
    type: event.type,
    timestamp: event.timestamp + Math.min(0, position.timeOffset),
    data: { source: event.data.source, positions: [{ ...position, timeOffset: 0 }] },
  }));
}

/**
 * What has to be applied to get to the end of `events` when nobody looks in between: a full snapshot
 * makes everything before it void, but for the size of the page that its Meta tells.
 */
export function fromLastSnapshot(events: RecordedEvent[]): RecordedEvent[] {
  const snapshot = events.findLastIndex((event) => event.type === event_type.full_snapshot);
  if (snapshot < 0) return events;
  const meta = events.slice(0, snapshot).findLastIndex((event) => event.type === event_type.meta);
  return events.slice(meta < 0 ? snapshot : meta);
}

/**
 * Parts an answer into what makes the picture of `at_ms` and what comes after it. Before the first
 * full snapshot of a recording there is no picture: then the first one is it.
 */
export function splitState(
  events: RecordedEvent[],
  at_ms: number,
): { state: RecordedEvent[]; following: RecordedEvent[] } {
  const after = events.findIndex((event) => event.timestamp > at_ms);
  const first_snapshot = events.findIndex((event) => event.type === event_type.full_snapshot);
  const cut = Math.max(after < 0 ? events.length : after, first_snapshot + 1);
  return { state: events.slice(0, cut), following: events.slice(cut) };
}
