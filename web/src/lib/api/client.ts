import { manifestPath, me_path, replayPath, statePath, withQuery, type Parameters } from './addresses';
import { takeEarly } from './early';
import type { ErrorList, IssueDetail, IssuePage, SpanList } from '$lib/issues/types';
import type { UserDetail, UserPage } from '$lib/users/types';
import type {
  ApiToken,
  Comment,
  ErrorBody,
  FactPage,
  IngestStatus,
  Manifest,
  Me,
  Neighbours,
  NewToken,
  PersonSettings,
  Project,
  Rating,
  Replay,
  ReplayPage,
  SetUpRequest,
  Summary,
  Viewer,
} from './types';

/** Every failed call ends in one of these; `code` is the server's stable code or one of ours. */
export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status = 0,
    readonly request_id: string | null = null,
    readonly retry_after_s: number | null = null,
    /** The answer itself, with more of some codes. */
    readonly details: Partial<ErrorBody['error']> = {},
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

export class ApiClient {
  /** Sent with every unsafe call; comes with the signed-in person. */
  csrf_token = '';
  /** Called when the session is gone, so that the app can ask for a new sign-in. */
  onUnauthenticated: () => void = () => {};
  /** Called after every request: whether the server could be reached at all. */
  onReached: (reached: boolean) => void = () => {};
  #in_flight = new Map<string, InFlight>();

  constructor(
    readonly fetch: (url: string, init?: RequestInit) => Promise<Response> = async (url, init) =>
      (!init?.method && (await takeEarly(url))) || globalThis.fetch(url, init),
  ) {}

  me = (signal?: AbortSignal) => this.#getJson<Me>(me_path, {}, signal, false);
  login = (email: string, password: string) =>
    this.#change<Me>('POST', '/api/v1/login', { email, password });
  logout = () => this.#change<void>('POST', '/api/v1/logout');
  setUpNeeded = (signal?: AbortSignal) =>
    this.#getJson<{ needed: boolean }>('/api/v1/setup', {}, signal, false);
  setUp = (request: SetUpRequest) => this.#change<Me>('POST', '/api/v1/setup', request);
  replays = (parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<ReplayPage>('/api/v1/replays', parameters, signal);
  replay = (id: string, signal?: AbortSignal) => this.#getJson<Replay>(replayPath(id), {}, signal);
  manifest = (id: string, signal?: AbortSignal) =>
    this.#getJson<Manifest>(manifestPath(id), {}, signal);
  facts = (id: string, parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<FactPage>(replayPath(id, 'facts'), parameters, signal);
  /** `parameters` are those of the list the replay was opened from. */
  neighbours = (id: string, parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<Neighbours>(replayPath(id, 'neighbours'), parameters, signal);
  viewers = (id: string, signal?: AbortSignal) =>
    this.#getJson<{ viewers: Viewer[] }>(replayPath(id, 'viewers'), {}, signal);
  setSeen = (id: string, seen: boolean) =>
    this.#change<void>(seen ? 'PUT' : 'DELETE', replayPath(id, 'seen'));
  comments = (id: string, signal?: AbortSignal) =>
    this.#getJson<{ comments: Comment[] }>(replayPath(id, 'comments'), {}, signal);
  addComment = (id: string, at_ms: number, text: string) =>
    this.#change<Comment>('POST', replayPath(id, 'comments'), { at_ms, text });
  deleteComment = (id: number) =>
    this.#change<void>('DELETE', `/api/v1/comments/${id}`);
  rating = (id: string, signal?: AbortSignal) =>
    this.#getJson<Rating | null>(replayPath(id, 'rating'), {}, signal);
  rate = (id: string, rating: Rating) => this.#change<void>('PUT', replayPath(id, 'rating'), rating);

  /** Errors that SDKs sent and that belong to the replay. */
  linkedErrors = (id: string, signal?: AbortSignal) =>
    this.#getJson<ErrorList>(replayPath(id, 'errors'), { limit: 1000 }, signal);
  spans = (id: string, signal?: AbortSignal) =>
    this.#getJson<SpanList>(replayPath(id, 'spans'), { limit: 5000 }, signal);
  issues = (parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<IssuePage>('/api/v1/issues', parameters, signal);
  issue = (id: string, signal?: AbortSignal) =>
    this.#getJson<IssueDetail>(`/api/v1/issues/${encodeURIComponent(id)}`, {}, signal);
  users = (parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<UserPage>('/api/v1/users', parameters, signal);
  user = (id: string, signal?: AbortSignal) =>
    this.#getJson<UserDetail>(`/api/v1/users/${encodeURIComponent(id)}`, {}, signal);

  settings = (signal?: AbortSignal) =>
    this.#getJson<PersonSettings>('/api/v1/me/settings', {}, signal);
  /** What is not sent keeps its value. */
  saveSettings = (change: Partial<PersonSettings>) =>
    this.#change<unknown>('PUT', '/api/v1/me/settings', change);
  summary = (parameters: Parameters, signal?: AbortSignal) =>
    this.#getJson<Summary>('/api/v1/summary', parameters, signal);

  addProject = (name: string, time_zone: string) =>
    this.#change<Project>('POST', '/api/v1/projects', { name, time_zone });
  projects = (signal?: AbortSignal) =>
    this.#getJson<{ projects: Project[] }>('/api/v1/projects', {}, signal);
  changeProject = (id: number, change: Partial<Pick<Project, 'name' | 'time_zone' | 'capture_enabled'>>) =>
    this.#change<Project>('PATCH', `/api/v1/projects/${id}`, change);
  ingestStatus = (project_id: number, parameters: Parameters = {}, signal?: AbortSignal) =>
    this.#getJson<IngestStatus>(
      `/api/v1/projects/${project_id}/ingest-status`,
      parameters,
      signal,
    );
  tokens = (project_id: number, signal?: AbortSignal) =>
    this.#getJson<{ tokens: ApiToken[] }>('/api/v1/tokens', { project_id }, signal);
  addToken = (project_id: number, request: NewToken) =>
    this.#change<ApiToken>('POST', withQuery('/api/v1/tokens', { project_id }), request);
  deleteToken = (project_id: number, id: number) =>
    this.#change<void>(
      'DELETE',
      withQuery(`/api/v1/tokens/${id}`, { project_id }),
    );

  /** The events of a time span as bytes: only the stage reads them. */
  playback(id: string, from: number, to: number, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.#bytes(withQuery(replayPath(id, 'playback'), { from, to }), signal);
  }

  /**
   * The state at a moment as a few events, then what follows until `to` (by default the end of its
   * chunk): a seek in one request. `to` equal to `at` gives the state alone.
   */
  stateAt(
    id: string,
    at: number,
    options: { to?: number; tab?: number } = {},
    signal?: AbortSignal,
  ): Promise<ArrayBuffer> {
    return this.#bytes(statePath(id, at, options.to, options.tab ?? null), signal);
  }

  async #bytes(url: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    const response = await this.#send(url, { signal });
    await this.#throwUnlessOk(response, true);
    return readBody(() => response.arrayBuffer());
  }

  /** For parts of the app that are loaded when they are needed and bring their own calls. */
  get = <T>(path: string, parameters: Parameters, signal?: AbortSignal) => this.#getJson<T>(path, parameters, signal);
  send = <T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown) => this.#change<T>(method, path, body);

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

  async #change<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (this.csrf_token) headers['x-csrf-token'] = this.csrf_token;
    const response = await this.#send(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      // Settings are small, and are sent when the page is left.
      keepalive: method === 'PUT',
    });
    await this.#throwUnlessOk(response, false);
    if (response.status === 204) return undefined as T;
    return readBody(() => response.json() as Promise<T>);
  }

  async #send(url: string, init: RequestInit): Promise<Response> {
    try {
      const response = await this.fetch(url, { credentials: 'same-origin', ...init });
      this.onReached(true);
      return response;
    } catch (error) {
      if (isAbort(error)) throw error;
      this.onReached(false);
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
    details,
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

/** Where a film of the screen is; the browser asks for the parts of it that it needs. */
export function videoUrl(id: string, part: string): string {
  return replayPath(id, `video/${encodeURIComponent(part)}`);
}

export const api = new ApiClient();
