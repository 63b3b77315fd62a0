// Something that is loaded and changed by calls, with what went wrong last.
import { asApiError, isAbort, type ApiError } from '$lib/api/client';

export class Resource<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<ApiError | null>(null);
  busy = $state(false);
  #abort = new AbortController();

  /** The last call wins; what is shown stays until it has answered. */
  async load(read: (signal: AbortSignal) => Promise<T>): Promise<void> {
    this.#abort.abort();
    const own = (this.#abort = new AbortController());
    this.error = null;
    try {
      const found = await read(own.signal);
      if (!own.signal.aborted) this.value = found;
    } catch (problem) {
      if (!isAbort(problem) && !own.signal.aborted) this.error = asApiError(problem);
    }
  }

  /** One change at a time. Returns whether it worked. */
  async change(act: () => Promise<unknown>): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    this.error = null;
    try {
      await act();
    } catch (problem) {
      this.error = asApiError(problem);
    }
    this.busy = false;
    return this.error === null;
  }

  /** Forgets what was shown. */
  clear(): void {
    this.#abort.abort();
    this.value = null;
    this.error = null;
  }
}
