import type { ErrorBody, Manifest, Me, Replay, ReplayPage, SetUpRequest } from './types';

/** Every failed call ends in one of these; `code` is the server's stable code or one of ours. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly request_id: string | null = null,
    readonly retry_after_s: number | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'AbortError';
}

export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError('unknown', error instanceof Error ? error.message : String(error));
}

interface InFlight {
  answer: Promise<Response>;
  abort: AbortController;
  waiting: number;
}

type Parameters = Record<string, string | number | null | undefined>;

export class ApiClient {
  /** Sent with every unsafe call; comes with the signed-in person. */
  csrf_token = '';
  /** Called when the session is gone, so that the app can ask for a new sign-in. */
  onUnauthenticated: () => void = () => {};
  #in_flight = new Map<string, InFlight>();

  constructor(readonly fetch: typeof globalThis.fetch = (...args) => globalThis.fetch(...args)) {}

  me = (signal?: AbortSignal) => this.#getJson<Me>('/api/v1/me', {}, signal, false);
  login = (email: string, password: string) =>
    this.#post<Me>('/api/v1/login', { email, password });
  logout = () => this.#post<void>('/api/v1/logout');
  setUpNeeded = (signal?: AbortSignal) =>
    this.#getJson<{ needed: boolean }>('/api/v1/setup', {}, signal, false);
  setUp = (request: SetUpRequest) => this.#post<Me>('/api/v1/setup', request);
  replays = (parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<ReplayPage>('/api/v1/replays', parameters, signal);
  replay = (id: string, signal?: AbortSignal) =>
    this.#getJson<Replay>(`/api/v1/replays/${encodeURIComponent(id)}`, {}, signal);
  manifest = (id: string, signal?: AbortSignal) =>
    this.#getJson<Manifest>(`/api/v1/replays/${encodeURIComponent(id)}/manifest`, {}, signal);

  /** The events of a time span as bytes: only the stage reads them. */
  async playback(id: string, from: number, to: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    const path = `/api/v1/replays/${encodeURIComponent(id)}/playback`;
    const response = await this.#send(withQuery(path, { from, to }), { signal });
    await this.#throwUnlessOk(response, true);
    return readBody(() => response.arrayBuffer());
  }

  /** Equal reads that overlap share one request. It is given up when nobody waits any more. */
  async #getJson<T>(
    path: string,
    parameters: Parameters,
    signal?: AbortSignal,
    session_needed = true,
  ): Promise<T> {
    const url = withQuery(path, parameters);
    signal?.throwIfAborted();
    let flight = this.#in_flight.get(url);
    if (!flight) {
      const abort = new AbortController();
      flight = { abort, waiting: 0, answer: this.#send(url, { signal: abort.signal }) };
      this.#in_flight.set(url, flight);
      const done = () => this.#in_flight.delete(url);
      flight.answer.then(done, done);
    }
    const shared = flight;
    shared.waiting += 1;
    const response = await new Promise<Response>((resolve, reject) => {
      const leave = () => {
        shared.waiting -= 1;
        if (shared.waiting === 0) {
          this.#in_flight.delete(url);
          shared.abort.abort();
        }
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      shared.answer.then(resolve, reject).finally(() => signal?.removeEventListener('abort', leave));
    });
    // Each waiter reads its own copy: a body can be read only once.
    const copy = response.clone();
    await this.#throwUnlessOk(copy, session_needed);
    return readBody(() => copy.json() as Promise<T>);
  }

  async #post<T>(path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.csrf_token) headers['x-csrf-token'] = this.csrf_token;
    const response = await this.#send(path, {
      method: 'POST',
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    await this.#throwUnlessOk(response, false);
    if (response.status === 204) return undefined as T;
    return readBody(() => response.json() as Promise<T>);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    try {
      return await this.fetch(url, { credentials: 'same-origin', ...init });
    } catch (error) {
      if (isAbort(error)) throw error;
      throw new ApiError('offline', 'The server cannot be reached.');
    }
  }

  async #throwUnlessOk(response: Response, session_needed: boolean): Promise<void> {
    if (response.ok) return;
    const error = await errorFrom(response);
    if (error.status === 401 && session_needed) this.onUnauthenticated();
    throw error;
  }
}

export async function errorFrom(response: Response): Promise<ApiError> {
  const retry_after = Number(response.headers.get('retry-after') ?? NaN);
  const retry_after_s = Number.isFinite(retry_after) ? Math.max(1, Math.ceil(retry_after)) : null;
  let details: Partial<ErrorBody['error']> = {};
  try {
    details = ((await response.json()) as ErrorBody).error ?? {};
  } catch {
    // A proxy answered with something else; the status still says enough.
  }
  return new ApiError(
    details.code ?? `http_${response.status}`,
    details.message ?? `The server answered with status ${response.status}.`,
    response.status,
    details.request_id ?? response.headers.get('x-request-id'),
    retry_after_s,
  );
}

async function readBody<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (isAbort(error)) throw error;
    throw new ApiError('broken_answer', 'The answer of the server arrived incomplete.');
  }
}

function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const api = new ApiClient();
