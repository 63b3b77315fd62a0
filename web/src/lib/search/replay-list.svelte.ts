import { api, asApiError, isAbort, type ApiError } from '$lib/api/client';
import { kept } from '$lib/api/kept';
import type { Replay, ReplayPage } from '$lib/api/types';
import { listParameters, type ListAddress } from './list-address';
import { mergeRows } from './merge-rows';

const page_size = 100;
/** A look for news needs no whole page. */
const poll_size = 40;
const poll_every_ms = 3_000;

/** What the list page shows. `load` follows the address; new data is polled for on the first page. */
export class ReplayList {
  replays = $state.raw<Replay[] | null>(null);
  next_cursor = $state<string | null>(null);
  new_count = $state(0);
  /** Replays on all pages; null when an older server does not say. */
  total = $state<number | null>(null);
  loading = $state(false);
  error = $state.raw<ApiError | null>(null);
  /** Whether the project has any replay at all; null while unknown. */
  project_empty = $state<boolean | null>(null);

  #address: ListAddress | null = null;
  #project_id = 0;
  #abort = new AbortController();
  #poll: ReturnType<typeof setTimeout> | undefined;

  async load(address: ListAddress, project_id: number): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#poll);
    const abort = (this.#abort = new AbortController());
    if (project_id !== this.#project_id) {
      // Rows of another project must not stand under this project's name.
      this.replays = null;
      this.project_empty = null;
    }
    this.#address = address;
    this.#project_id = project_id;
    this.loading = true;
    this.error = null;
    // What was seen before is there at once; the answer replaces it.
    const before = kept.get<ReplayPage>(this.#key());
    if (before) this.#show(before.answer);
    try {
      const page = await this.#fetch(abort.signal);
      this.project_empty = page.replays.length > 0 ? false : await this.#isProjectEmpty(abort.signal);
      this.#show(page);
    } catch (error) {
      if (isAbort(error)) return;
      this.error = asApiError(error);
    }
    this.loading = false;
    this.#schedule();
  }

  reload(): Promise<void> {
    return this.#address ? this.load(this.#address, this.#project_id) : Promise.resolve();
  }

  /** Polls at once, for example when the tab is looked at again. */
  async refresh(): Promise<void> {
    clearTimeout(this.#poll);
    // Only the first page of the newest grows; others are a fixed stretch of the past.
    const is_newest = this.#address?.sort === 'started' && !this.#address.ascending;
    if (!this.#address || !is_newest || this.#address.cursor || this.loading || document.hidden) return;
    const abort = this.#abort;
    try {
      const page = await api.replays({ ...this.#parameters(), limit: poll_size }, abort.signal);
      const merged = mergeRows(this.replays ?? [], page.replays);
      if ((this.replays ?? []).length === 0) this.next_cursor = page.next_cursor;
      this.replays = merged.shown;
      this.new_count = merged.new_count;
      this.total = page.total ?? null;
      if (merged.shown.length > 0) this.project_empty = false;
      this.error = null;
    } catch (error) {
      if (isAbort(error) || abort.signal.aborted) return;
      // What is shown stays; the connection is spoken of only when there is nothing to show.
      if (this.replays === null) this.error = asApiError(error);
    }
    this.#schedule();
  }

  /** Tells the server and shows it at once; on failure the marks go back to what they were. */
  async setSeen(ids: readonly string[], seen: boolean): Promise<void> {
    const before = this.replays;
    this.replays = before?.map((replay) => (ids.includes(replay.id) ? { ...replay, seen } : replay)) ?? null;
    try {
      await Promise.all(ids.map((id) => api.setSeen(id, seen)));
    } catch (error) {
      this.replays = before;
      this.error = asApiError(error);
    }
  }

  stop(): void {
    this.#abort.abort();
    clearTimeout(this.#poll);
  }

  #show(page: ReplayPage): void {
    this.replays = page.replays;
    this.next_cursor = page.next_cursor;
    this.total = page.total ?? null;
    this.new_count = 0;
    if (page.replays.length > 0) this.project_empty = false;
  }

  #schedule(): void {
    clearTimeout(this.#poll);
    if (this.#abort.signal.aborted) return;
    this.#poll = setTimeout(() => void this.refresh(), poll_every_ms);
  }

  #parameters() {
    return { ...listParameters(this.#address as ListAddress, this.#project_id), limit: page_size };
  }

  #key(): string {
    return `list ${JSON.stringify(this.#parameters())}`;
  }

  async #fetch(signal: AbortSignal): Promise<ReplayPage> {
    const key = this.#key();
    const page = await api.replays(this.#parameters(), signal);
    kept.put(key, page, Date.now());
    return page;
  }

  async #isProjectEmpty(signal: AbortSignal): Promise<boolean> {
    const page = await api.replays({ project_id: this.#project_id, range: 'all', limit: 1 }, signal);
    return page.replays.length === 0;
  }
}
