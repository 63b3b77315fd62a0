import { api, isAbort } from '$lib/api/client';
import type { Marker } from '$lib/api/types';
import type { LinkedError } from '$lib/issues/types';

const ask_again_after_ms = 30_000;

/**
 * Errors that SDKs sent, of the page and of the servers behind it. They are linked by ids and traces and
 * may come long after the recording, so they are asked for apart from it.
 */
export class LinkedErrors {
  errors = $state.raw<LinkedError[]>([]);
  complete = $state(true);
  readonly markers = $derived(this.errors.map(markerOf));
  #revision: number | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly replay_id: string) {}

  /** `revision` is the manifest's: it changes when errors are linked. */
  async update(revision: number, signal: AbortSignal): Promise<void> {
    if (revision === this.#revision) return;
    const before = this.#revision;
    this.#revision = revision;
    // The replay plays without them; the next revision asks again. A server that knows none says 404.
    if (!(await this.#ask(signal))) this.#revision = before;
  }

  async #ask(signal: AbortSignal): Promise<boolean> {
    clearTimeout(this.#timer);
    try {
      const found = await api.linkedErrors(this.replay_id, signal);
      // They only become more. Equal ones would draw the timeline again.
      if (found.errors.length !== this.errors.length) this.errors = found.errors;
      this.complete = found.complete;
      return true;
    } catch (error) {
      if (!isAbort(error)) this.complete = true;
      return false;
    } finally {
      this.#askAgain(signal);
    }
  }

  /** The manifest of a replay that is over is not asked for again, but servers may still send errors. */
  #askAgain(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#timer = setTimeout(() => {
      if (document.hidden) this.#askAgain(signal);
      else void this.#ask(signal);
    }, ask_again_after_ms);
  }
}

function markerOf(error: LinkedError): Marker {
  const where = error.is_server_side ? 'Server: ' : '';
  return { at_ms: error.at_ms, kind: 'error', label: `${where}${error.title}`, tab: 0 };
}
