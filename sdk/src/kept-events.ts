// Events that wait for something: an error that makes them worth sending, or the end of
// the time below which a replay is not sent at all.

import type { TimedEvent } from './transport/transport';

const BUFFER_MS = 60_000;

/** Events since one snapshot. */
interface Segment {
  startedAt_ms: number;
  events: TimedEvent[];
}

export class KeptEvents {
  private segments: Segment[] = [];

  /** Without a beginning there is nothing to play. */
  add(event: TimedEvent, isBeginning: boolean): void {
    if (isBeginning || !this.segments.length) this.segments.push({ startedAt_ms: event.at, events: [] });
    this.segments[this.segments.length - 1]!.events.push(event);
  }

  /** True when a new snapshot shall begin, so that the one before can go some time. */
  isSnapshotDue(now_ms: number): boolean {
    const latest = this.segments[this.segments.length - 1];
    if (!latest || now_ms - latest.startedAt_ms < BUFFER_MS) return false;
    return latest.events.length > 3;
  }

  /** The one before the latest covers the last minute. */
  forgetOld(now_ms: number): void {
    const latest = this.segments[this.segments.length - 1];
    if (latest && (now_ms - latest.startedAt_ms >= BUFFER_MS || this.segments.length > 2)) {
      this.segments = this.segments.slice(-2);
    }
  }

  take(): TimedEvent[] {
    return this.segments.splice(0).flatMap(({ events }) => events);
  }
}
