import { ApiError, asApiError, isAbort } from '$lib/api/client';
import type { Chunk, TimeSpan } from '$lib/api/types';
import { bytesBetween } from './chunks';
import { lastStartedIndex } from './idle';
import { kept_bytes } from './stage-protocol';
import type { StateRange } from './state-range';

/** Waiting time before each new attempt; after the last one the stretch counts as failed. */
const retry_after_ms = [400, 1_500];
/** A state request older than this is given up for a newer one; a younger one is nearly there. */
const give_up_after_ms = 400;
/** Kept ahead of the play time, in recording time at normal speed, and in bytes at most. */
const ahead_ms = 45_000;
const ahead_bytes = 12_000_000;
/** The same while nothing plays: what is read in now makes the next seek wait. */
const still_ahead_ms = 15_000;
const still_ahead_bytes = 1_000_000;
const piece_bytes = 1_500_000;
const still_piece_bytes = 500_000;
const shortest_piece_ms = 2_000;

/** The moment to be shown, and the range whose state and events show it. */
export interface StateRequest extends StateRange {
  seek: number;
  at_ms: number;
}

/** What the stage has: from the last state to what was appended last. */
export interface Loaded {
  seek: number;
  tab: number | null;
  from_ms: number;
  until_ms: number;
  /** Little enough for the stage to keep it all, so that it can start again at `from_ms`. */
  rewindable: boolean;
}

export interface FeedSource {
  state(range: StateRange, signal: AbortSignal): Promise<ArrayBuffer>;
  events(from_ms: number, to_ms: number, tab: number | null, signal: AbortSignal): Promise<ArrayBuffer>;
  /** Both take the bytes over. What is not after `after_ms` has been shown already. */
  load(request: StateRequest, bytes: ArrayBuffer): void;
  append(seek: number, after_ms: number, bytes: ArrayBuffer): void;
  changed(): void;
  wait(ms: number): Promise<void>;
  now(): number;
}

/**
 * Gets the recording to the stage: the state of a moment, then what follows, piece by piece. Holds no
 * events itself; only the ends of what the stage has.
 */
export class Feed {
  readonly #source: FeedSource;
  #wanted: StateRequest | null = null;
  #state_flight: { abort: AbortController; since_ms: number } | null = null;
  #piece_flight: AbortController | null = null;
  #stopped = false;
  #loaded_bytes = 0;
  #loaded_after_ms = 0;
  loaded: Loaded | null = null;
  failed: TimeSpan | null = null;
  last_error: ApiError | null = null;

  constructor(source: FeedSource) {
    this.#source = source;
  }

  /** The newest request wins. Until its answer is there, the picture of the one before may still come. */
  seek(request: StateRequest): void {
    this.#wanted = request;
    this.failed = null;
    this.#piece_flight?.abort();
    this.#piece_flight = null;
    if (!this.#state_flight) void this.#loadStates();
    else if (this.#source.now() - this.#state_flight.since_ms > give_up_after_ms) this.#state_flight.abort.abort();
  }

  /** Same range, other number: the stage goes to another place in what it has. */
  renumber(seek: number, at_ms: number): void {
    this.#wanted = null;
    const loaded = this.loaded;
    if (loaded) this.loaded = { ...loaded, seek, from_ms: loaded.rewindable ? loaded.from_ms : at_ms };
  }

  get seeking(): boolean {
    return this.#wanted !== null || this.#state_flight !== null;
  }

  /**
   * Loads the next piece when there is too little ahead. `limit_ms` is where this feed ends; `speed`
   * is null while nothing plays.
   */
  pump(at_ms: number, speed: number | null, chunks: Chunk[], limit_ms: number): void {
    if (!this.loaded || this.seeking || this.#piece_flight || this.failed || this.#stopped) return;
    const piece = nextPiece(chunks, this.loaded.until_ms, at_ms, speed, limit_ms);
    if (piece) void this.#loadPiece(piece);
  }

  retry(): void {
    this.failed = null;
    this.last_error = null;
    this.#source.changed();
  }

  stop(): void {
    this.#stopped = true;
    this.#wanted = null;
    this.#state_flight?.abort.abort();
    this.#piece_flight?.abort();
  }

  async #loadStates(): Promise<void> {
    while (this.#wanted && !this.#stopped) {
      const request = this.#wanted;
      this.#wanted = null;
      const flight = { abort: new AbortController(), since_ms: this.#source.now() };
      this.#state_flight = flight;
      const { from_ms, to_ms, tab, seek } = request;
      const bytes = await this.#attempt(
        (signal) => this.#source.state({ from_ms, to_ms, tab }, signal),
        flight.abort.signal,
        () => this.#wanted !== null,
      );
      this.#state_flight = null;
      if (this.#stopped) return;
      if (bytes) {
        this.#loaded_bytes = bytes.byteLength;
        // A state alone has what happens at its very moment; a range ends before its end.
        this.#loaded_after_ms = to_ms > from_ms ? to_ms - 1 : from_ms;
        this.loaded = { seek, tab, from_ms, until_ms: to_ms, rewindable: this.#loaded_bytes <= kept_bytes };
        this.#source.load(request, bytes);
      } else if (!this.#wanted) {
        this.loaded = null;
        this.failed = { from_ms: request.at_ms, to_ms: Math.max(request.at_ms, to_ms) };
      }
      this.#source.changed();
    }
  }

  async #loadPiece(piece: TimeSpan): Promise<void> {
    const loaded = this.loaded;
    if (!loaded) return;
    const flight = new AbortController();
    this.#piece_flight = flight;
    const bytes = await this.#attempt(
      (signal) => this.#source.events(piece.from_ms, piece.to_ms, loaded.tab, signal),
      flight.signal,
      () => false,
    );
    if (this.#piece_flight !== flight || this.#stopped) return;
    this.#piece_flight = null;
    if (bytes && this.loaded) {
      this.#loaded_bytes += bytes.byteLength;
      const rewindable = this.#loaded_bytes <= kept_bytes;
      this.loaded = { ...this.loaded, until_ms: piece.to_ms, rewindable };
      this.#source.append(this.loaded.seek, this.#loaded_after_ms, bytes);
      this.#loaded_after_ms = piece.to_ms - 1;
    } else if (!bytes) this.failed = piece;
    this.#source.changed();
  }

  /** Null when it failed for good or is not needed any more. */
  async #attempt(
    fetch: (signal: AbortSignal) => Promise<ArrayBuffer>,
    signal: AbortSignal,
    outdated: () => boolean,
  ): Promise<ArrayBuffer | null> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await fetch(signal);
      } catch (error) {
        if (isAbort(error) || signal.aborted || outdated()) return null;
        const problem = asApiError(error);
        this.last_error = problem;
        const pause_ms = retry_after_ms[attempt];
        // A refusal stays one however often it is asked again.
        const refused = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
        if (refused || pause_ms === undefined) return null;
        await this.#source.wait(pause_ms);
        if (signal.aborted || outdated()) return null;
      }
    }
  }
}

/** The stretch to load next, or null when enough is there. */
export function nextPiece(
  chunks: Chunk[],
  until_ms: number,
  at_ms: number,
  speed: number | null,
  limit_ms: number,
): TimeSpan | null {
  if (until_ms >= limit_ms) return null;
  const enough_ms = speed === null ? still_ahead_ms : ahead_ms * Math.max(1, speed);
  if (until_ms > at_ms + enough_ms) return null;
  if (bytesBetween(chunks, at_ms, until_ms) > (speed === null ? still_ahead_bytes : ahead_bytes)) return null;
  const index = lastStartedIndex(chunks, until_ms, (chunk) => chunk.from_ms);
  const inside = chunks[index];
  const chunk = inside && inside.to_ms > until_ms ? inside : chunks[index + 1];
  // Nothing more is recorded before the limit.
  if (!chunk || chunk.from_ms >= limit_ms) return { from_ms: until_ms, to_ms: limit_ms };
  const length_ms = Math.max(1, chunk.to_ms - chunk.from_ms);
  const bytes = speed === null ? still_piece_bytes : piece_bytes;
  const fitting_ms = Math.max(shortest_piece_ms, (length_ms * bytes) / Math.max(1, chunk.size_bytes));
  const from_ms = Math.max(until_ms, chunk.from_ms);
  return { from_ms: until_ms, to_ms: Math.min(limit_ms, chunk.to_ms, from_ms + Math.ceil(fitting_ms)) };
}

/**
 * Whether a newer list of chunks says that something came late into a stretch that is loaded already.
 * A chunk that only grew at its end is no such case.
 */
export function changedInside(before: Chunk[], after: Chunk[], span: TimeSpan): boolean {
  return before.some((old) => {
    if (old.to_ms > span.to_ms || old.to_ms <= span.from_ms) return false;
    const now = after.find((chunk) => chunk.from_ms === old.from_ms && chunk.to_ms === old.to_ms);
    return now !== undefined && now.event_count !== old.event_count;
  });
}
