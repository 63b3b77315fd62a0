import { api, isAbort } from '$lib/api/client';
import type { Marker } from '$lib/api/types';
import type { LinkedError } from '$lib/issues/types';

/**
 * Errors that SDKs sent, of the page and of the servers behind it. They are linked by ids and traces and
 * may come long after the recording, so they are asked for apart from it.
 */
export class LinkedErrors {
  errors = $state.raw<LinkedError[]>([]);
  complete = $state(true);
  readonly markers = $derived(this.errors.map(markerOf));
  #revision: number | null = null;

  constructor(readonly replay_id: string) {}

  /** `revision` is the manifest's: a recording that has grown may have got errors with it. */
  async update(revision: number, signal: AbortSignal): Promise<void> {
    if (revision === this.#revision) return;
    const before = this.#revision;
    this.#revision = revision;
    try {
      const found = await api.linkedErrors(this.replay_id, signal);
      this.errors = found.errors;
      this.complete = found.complete;
    } catch (error) {
      // The replay plays without them; the next revision asks again. A server that knows none says 404.
      this.#revision = before;
      if (!isAbort(error)) this.complete = true;
    }
  }
}

function markerOf(error: LinkedError): Marker {
  const where = error.is_server_side ? 'Server: ' : '';
  return { at_ms: error.at_ms, kind: 'error', label: `${where}${error.title}`, tab: 0 };
}
