import type { StateRange } from './state-range';

type Fetch = (range: StateRange, signal?: AbortSignal) => Promise<ArrayBuffer>;

const keyOf = ({ from_ms, to_ms, tab }: StateRange) => `${from_ms} ${to_ms} ${tab}`;

/**
 * A few states that are likely to be asked for next: where the pointer rests on the timeline, the start
 * of a loop, the next tab. Bounded by number and bytes, oldest out first.
 */
export class StateCache {
  readonly #fetch: Fetch;
  readonly #entries = new Map<string, { answer: Promise<ArrayBuffer>; size_bytes: number }>();

  constructor(
    fetch: Fetch,
    readonly limit = 6,
    readonly limit_bytes = 12_000_000,
  ) {
    this.#fetch = fetch;
  }

  get size(): number {
    return this.#entries.size;
  }

  preload(range: StateRange): void {
    const key = keyOf(range);
    if (this.#entries.has(key)) return;
    const entry = { answer: this.#fetch(range), size_bytes: 0 };
    this.#entries.set(key, entry);
    entry.answer.then(
      (bytes) => {
        entry.size_bytes = bytes.byteLength;
        this.#trim();
      },
      // Asked for again in earnest, it may say why.
      () => this.#entries.delete(key),
    );
    this.#trim();
  }

  /** A copy of its own for the caller, which may give it away. */
  async get(range: StateRange, signal: AbortSignal): Promise<ArrayBuffer> {
    const known = this.#entries.get(keyOf(range));
    if (known) {
      try {
        return (await known.answer).slice(0);
      } catch {
        // Falls through to a request of its own.
      }
    }
    return this.#fetch(range, signal);
  }

  clear(): void {
    this.#entries.clear();
  }

  #trim(): void {
    let bytes = [...this.#entries.values()].reduce((sum, entry) => sum + entry.size_bytes, 0);
    for (const [key, entry] of this.#entries) {
      if (this.#entries.size <= this.limit && bytes <= this.limit_bytes) return;
      bytes -= entry.size_bytes;
      this.#entries.delete(key);
    }
  }
}
