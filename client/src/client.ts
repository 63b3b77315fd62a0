import { ApiError, errorFrom } from './error.js';
import type { Answer, ItemOf, ListOf, Operation, Options, OptionsOf, PagedOperation } from './operations.js';

const default_retries = 3;
const default_longest_wait_s = 60;

export interface ClientOptions {
  /** Where the server is: `https://replay.example.com`. */
  origin: string;
  /** An API token; what it may do is said by its scopes. */
  token: string;
  /** How often a request is made again that the server put off. 3 unless told. */
  retries?: number;
  /** A longer `Retry-After` is not waited for: the request fails. 60 unless told. */
  longest_wait_s?: number;
  /** Another way to send, such as one with a proxy. */
  fetch?: typeof globalThis.fetch;
}

export interface Client {
  /**
   * One request. What is put off by the server (429, and 503 of a GET) is asked again after
   * its `Retry-After`. JSON comes back read, anything else as a `Blob`. Throws `ApiError`.
   */
  request<O extends Operation>(operation: O, ...options: OptionsOf<O>): Promise<Answer<O>>;
  /** Every page of a list, asked for when the one before is used up. */
  pages<O extends PagedOperation>(operation: O, ...options: OptionsOf<O>): AsyncGenerator<Answer<O>, void, undefined>;
  /** What stands in one list of all pages: `each('GET /api/v1/replays', 'replays')`. */
  each<O extends PagedOperation, List extends ListOf<O>>(
    operation: O,
    list: List,
    ...options: OptionsOf<O>
  ): AsyncGenerator<ItemOf<O, List>, void, undefined>;
}

/** What is given to any operation, once its types have been checked. */
interface Given {
  path?: Record<string, string | number>;
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
}

export function createClient(of: ClientOptions): Client {
  const { retries = default_retries, longest_wait_s = default_longest_wait_s } = of;
  const send = of.fetch ?? globalThis.fetch;
  const origin = of.origin.replace(/\/+$/, '');

  async function ask<O extends Operation>(operation: O, given: Given): Promise<Answer<O>> {
    const [method, template] = operation.split(' ') as [string, string];
    const url = origin + pathOf(template, given.path ?? {}) + queryOf(given.query ?? {});
    const headers: Record<string, string> = { authorization: `Bearer ${of.token}` };
    let body: BodyInit | undefined;
    if (given.body instanceof Blob) {
      body = given.body;
    } else if (given.body !== undefined) {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(given.body);
    }
    // The cookie of somebody who uses the app in the same browser has no part in it.
    const init: RequestInit = { method, headers, body, credentials: 'omit', signal: given.signal };
    for (let tried = 0; ; tried += 1) {
      const response = await unlessBroken('offline', 'the server cannot be reached', given.signal, () => send(url, init));
      if (response.ok) return (await bodyOf(response, given.signal)) as Answer<O>;
      const error = await errorFrom(response);
      const wait_s = error.retry_after_s ?? 2 ** tried;
      if (tried >= retries || wait_s > longest_wait_s || !isPutOff(error, method)) throw error;
      await wait(wait_s, given.signal);
    }
  }

  async function* pages<O extends PagedOperation>(operation: O, given: Given): AsyncGenerator<Answer<O>, void, undefined> {
    let query = given.query ?? {};
    for (;;) {
      const page = await ask(operation, { ...given, query });
      yield page;
      const { next_cursor } = page as { next_cursor: unknown };
      if (next_cursor === null || next_cursor === undefined) return;
      // Whatever answers like this would be asked for ever.
      if (next_cursor === query['cursor']) throw new ApiError('broken_answer', 'the next page has the cursor of this one');
      query = { ...query, cursor: next_cursor };
    }
  }

  async function* each(operation: PagedOperation, list: PropertyKey, given: Given): AsyncGenerator<never, void, undefined> {
    for await (const page of pages(operation, given)) yield* (page as unknown as Record<PropertyKey, never[]>)[list] ?? [];
  }

  const given = (options: Options<Operation> | undefined) => (options ?? {}) as Given;
  return {
    request: (operation, ...[options]) => ask(operation, given(options)),
    pages: (operation, ...[options]) => pages(operation, given(options)),
    each: (operation, list, ...[options]) => each(operation, list, given(options)),
  };
}

function pathOf(template: string, values: Record<string, string | number>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = String(values[name] ?? '');
    // Addresses are tidied up before they are sent: `..` would ask for something else.
    if (['', '.', '..'].includes(value)) throw new TypeError(`${template} needs a ${name}, not ${JSON.stringify(value)}`);
    return encodeURIComponent(value);
  });
}

/** What is undefined is not sent, as if it had been left out. */
function queryOf(values: Record<string, unknown>): string {
  const all = Object.entries(values).filter(([, value]) => value !== undefined && value !== null);
  return all.length === 0 ? '' : `?${new URLSearchParams(all.map(([name, value]) => [name, String(value)]))}`;
}

function isPutOff(error: ApiError, method: string): boolean {
  return error.status === 429 || (error.code === 'unavailable' && method === 'GET');
}

async function bodyOf(response: Response, signal: AbortSignal | undefined): Promise<unknown> {
  if (response.status === 204) return undefined;
  const is_json = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const read = () => (is_json ? response.json() : response.blob());
  return unlessBroken('broken_answer', 'the answer of the server arrived incomplete', signal, read);
}

async function unlessBroken<T>(code: 'offline' | 'broken_answer', message: string, signal: AbortSignal | undefined, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ApiError(code, message, 0, null, null, {}, { cause });
  }
}

function wait(duration_s: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', leave);
      resolve();
    }, duration_s * 1000);
    if (signal?.aborted) leave();
    else signal?.addEventListener('abort', leave, { once: true });
  });
}
