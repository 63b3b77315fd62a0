import { api, asApiError, isAbort, type ApiError } from '$lib/api/client';
import type { EventFact } from '$lib/api/types';
import type { UserEvent } from '$lib/users/types';
import type { Player } from './player.svelte';

const page_size = 1_000;
/** Nobody reads more; the newest ones are kept. */
const most_pages = 20;
/** Made by the server of every session that has a replay, which is open already. */
const replay_captured = '[Amplitude] Replay Captured';

interface Page {
  events: UserEvent[];
  next_cursor: string | null;
}

export function factOf(event: UserEvent): EventFact {
  const { at_ms, event_type, generated_name } = event;
  return { kind: 'event', at_ms, tab: 0, event_type, generated_name, properties: event.event_properties ?? {} };
}

/** What SDKs and servers said happened in the replay's session, in time order. */
export class AnalyticsEvents {
  facts = $state.raw<EventFact[]>([]);
  loading = $state(true);
  /** False when older ones are left out. */
  complete = $state(true);
  error = $state.raw<ApiError | null>(null);
  #revision = -1;
  #busy = false;

  constructor(readonly player: Player) {}

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
    const path = `/api/v1/replays/${encodeURIComponent(this.player.id)}/analytics`;
    const found: EventFact[] = [];
    let cursor: string | null = null;
    for (let page = 0; page < most_pages; page += 1) {
      const answer: Page = await api.get<Page>(path, { limit: page_size, cursor }, signal);
      found.push(...answer.events.filter((event) => event.event_type !== replay_captured).map(factOf));
      cursor = answer.next_cursor;
      if (cursor === null) break;
    }
    this.facts = found.reverse();
    this.complete = cursor === null;
  }
}
