import { api, asApiError, isAbort, type ApiError } from '$lib/api/client';
import type { Fact, FactKind } from '$lib/api/types';
import { lastStartedIndex } from './idle';
import type { Player } from './player.svelte';

const page_size = 5_000;
/** More rows than this nobody reads; the list says where it ends. */
const most_facts = 40_000;
const index_every_ms = 100;

type FactOf<K extends FactKind> = Extract<Fact, { kind: K }>;

/** Facts of some kinds, in time order, growing with a live replay. */
export class FactList<K extends FactKind> {
  facts = $state.raw<FactOf<K>[]>([]);
  loading = $state(true);
  /** False when the list ends before the replay does. */
  complete = $state(true);
  error = $state.raw<ApiError | null>(null);
  #revision = -1;
  #busy = false;

  constructor(
    readonly player: Player,
    readonly kinds: readonly K[],
  ) {}

  /** Called whenever the manifest may be newer; asks only for what is. */
  async update(signal: AbortSignal): Promise<void> {
    const revision = this.player.manifest?.revision ?? -1;
    if (this.#busy || revision === this.#revision) return;
    this.#busy = true;
    try {
      await this.#load(signal);
      this.#revision = revision;
      this.error = null;
    } catch (error) {
      if (!isAbort(error)) this.error = asApiError(error);
    } finally {
      this.#busy = false;
      this.loading = false;
    }
  }

  async retry(signal: AbortSignal): Promise<void> {
    this.#revision = -1;
    this.loading = true;
    await this.update(signal);
  }

  async #load(signal: AbortSignal): Promise<void> {
    // The last moment again: facts of the same millisecond may have come since.
    let from_ms = this.facts.at(-1)?.at_ms ?? null;
    for (;;) {
      const page = await api.facts(
        this.player.id,
        { kinds: this.kinds.join(','), limit: page_size, from: from_ms },
        signal,
      );
      const kept = from_ms === null ? [] : this.facts.filter((fact) => fact.at_ms < (from_ms as number));
      this.facts = [...kept, ...(page.facts as FactOf<K>[])];
      this.complete = page.complete || this.facts.length < most_facts;
      const next_ms = this.facts.at(-1)?.at_ms ?? null;
      // A page of one and the same moment would come again and again.
      if (page.complete || this.facts.length >= most_facts || next_ms === from_ms) return;
      from_ms = next_ms;
    }
  }
}

/** The index of the last item at or before the play time, at most ten times a second. */
export function currentIndex<T>(player: Player, items: () => T[], time: (item: T) => number): { readonly index: number } {
  let index = $state(-1);
  let checked_ms = -Infinity;
  const find = (at_ms: number) => {
    const found = lastStartedIndex(items(), at_ms + 1, time);
    if (found !== index) index = found;
  };
  $effect(() => {
    // Again when the items change.
    items();
    checked_ms = -Infinity;
    return player.onFrame((at_ms) => {
      const now_ms = performance.now();
      if (now_ms - checked_ms < index_every_ms && player.playing) return;
      checked_ms = now_ms;
      find(at_ms);
    });
  });
  return {
    get index() {
      return index;
    },
  };
}
