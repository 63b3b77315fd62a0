import { ApiError, asApiError, isAbort } from '$lib/api/client';
import type { Buffer, Slot } from './buffer';

const parallel_requests = 3;
/** Waiting time before each new attempt; after the last one the chunk counts as failed. */
const retry_after_ms = [400, 1_500];

export interface ChunkSource {
  fetch(from_ms: number, to_ms: number, signal: AbortSignal): Promise<ArrayBuffer>;
  /** Takes the bytes; the answer comes back through `accepted` or `refused`. */
  deliver(from_ms: number, bytes: ArrayBuffer): void;
  changed(): void;
  wait(ms: number): Promise<void>;
}

/** Loads what the buffer plans, a few at a time, with bounded retries. */
export class ChunkLoader {
  readonly #abort = new AbortController();
  #running = 0;
  last_error: ApiError | null = null;

  constructor(
    readonly buffer: Buffer,
    readonly source: ChunkSource,
  ) {}

  pump(at_ms: number, speed: number, page_hints_ms: number[]): void {
    for (const slot of this.buffer.wanted(at_ms, speed, page_hints_ms)) {
      if (this.#running >= parallel_requests) return;
      void this.#load(slot);
    }
  }

  accepted(from_ms: number, page_starts_ms: number[]): void {
    const slot = this.buffer.find(from_ms);
    if (slot?.state !== 'loading') return;
    slot.state = 'loaded';
    slot.page_starts_ms = page_starts_ms;
    this.source.changed();
  }

  refused(from_ms: number): void {
    const slot = this.buffer.find(from_ms);
    if (!slot) return;
    slot.state = 'failed';
    this.last_error = new ApiError('broken_chunk', 'This part of the recording cannot be read.');
    this.source.changed();
  }

  retryFailed(): void {
    for (const slot of this.buffer.slots) if (slot.state === 'failed') slot.state = 'missing';
    this.source.changed();
  }

  stop(): void {
    this.#abort.abort();
  }

  async #load(slot: Slot): Promise<void> {
    slot.state = 'loading';
    this.#running += 1;
    let bytes: ArrayBuffer | null = null;
    for (let attempt = 0; bytes === null; attempt += 1) {
      try {
        bytes = await this.source.fetch(slot.from_ms, slot.to_ms, this.#abort.signal);
      } catch (error) {
        if (isAbort(error) || this.#abort.signal.aborted) return;
        const problem = asApiError(error);
        this.last_error = problem;
        const pause_ms = retry_after_ms[attempt];
        // A refusal stays one however often it is asked again.
        const refused = problem.status >= 400 && problem.status < 500 && problem.status !== 429;
        if (refused || pause_ms === undefined) break;
        await this.source.wait(pause_ms);
      }
    }
    this.#running -= 1;
    if (this.#abort.signal.aborted) return;
    // A newer manifest may have replaced the slot meanwhile; then these bytes are of no use.
    if (this.buffer.slots.includes(slot)) {
      if (bytes) this.source.deliver(slot.from_ms, bytes);
      else slot.state = 'failed';
    }
    this.source.changed();
  }
}
