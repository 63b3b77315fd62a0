// The client against a server that answers what it is told to; against Reenact itself it runs in `e2e`.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ApiError, createClient, type ClientOptions } from '../src/index.js';

interface Told {
  status?: number;
  headers?: Record<string, string>;
  body?: unknown;
  /** Sent as it is. */
  text?: string;
}

let server: Server;
let origin: string;
let asked: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let told: Told[];

beforeEach(async () => {
  asked = [];
  told = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ method: request.method!, url: request.url!, headers: request.headers, body });
    const { status = 200, headers, body: json, text } = told.shift() ?? { status: 500 };
    const type = text === undefined ? 'application/json' : 'text/html';
    response.writeHead(status, { 'content-type': type, ...headers });
    response.end(status === 204 ? undefined : (text ?? JSON.stringify(json ?? {})));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const client = (more: Partial<ClientOptions> = {}) => createClient({ origin, token: 'secret', ...more });
const error = (code: string, more = {}) => ({ error: { code, message: `this is ${code}`, request_id: 'r1', ...more } });

async function failure(of: Promise<unknown>): Promise<ApiError> {
  const thrown: unknown = await of.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof ApiError)) throw thrown;
  return thrown;
}

test('path, query and body are sent as the API reads them', async () => {
  told = [{ body: { replays: [] } }, { status: 201, body: { id: 7 } }, { status: 204 }];
  const api = client({ origin: `${origin}/` });
  await api.request('GET /api/v1/replays', { query: { filter: 'url = "/a b&c"', live: true, limit: 5, sort: undefined } });
  const made = await api.request('POST /api/v1/replays/{id}/comments', { path: { id: 'a/b?c' }, body: { at_ms: 1, text: 'ä' } });
  const gone = await api.request('DELETE /api/v1/comments/{id}', { path: { id: made.id } });
  expect(gone).toBeUndefined();
  expect(asked.map(({ method, url, body }) => [method, url, body])).toEqual([
    ['GET', '/api/v1/replays?filter=url+%3D+%22%2Fa+b%26c%22&live=true&limit=5', ''],
    ['POST', '/api/v1/replays/a%2Fb%3Fc/comments', '{"at_ms":1,"text":"ä"}'],
    ['DELETE', '/api/v1/comments/7', ''],
  ]);
  for (const { headers } of asked) expect(headers.authorization).toBe('Bearer secret');
  expect(asked[1]!.headers['content-type']).toBe('application/json');
});

test('a path cannot be led to another operation', async () => {
  for (const id of ['..', '.', '']) {
    await expect(client().request('GET /api/v1/replays/{id}', { path: { id } })).rejects.toThrow(TypeError);
  }
  expect(asked).toEqual([]);
});

test('files go up with their type and come back as they are', async () => {
  told = [{ body: { added: 1 } }, { text: '<!doctype html>' }];
  await client().request('PUT /api/v1/cohorts/{id}/list', { path: { id: 1 }, body: new Blob(['ada'], { type: 'text/csv' }) });
  expect(asked[0]).toMatchObject({ body: 'ada', headers: { 'content-type': 'text/csv' } });
  const page = await client().request('GET /api/v1/replays/{id}/export', { path: { id: 'r' }, query: { format: 'html' } });
  expect(page).toBeInstanceOf(Blob);
  expect(await (page as Blob).text()).toBe('<!doctype html>');
});

test('an error has the stable code and what the server says besides', async () => {
  told = [
    { status: 400, body: error('invalid_filter', { at: { start: 3, end: 5 }, nearest: 'errors' }) },
    { status: 502, text: 'Bad gateway' },
    { status: 200, text: '{"replays": [', headers: { 'content-type': 'application/json' } },
  ];
  const bad = await failure(client().request('GET /api/v1/replays', { query: { filter: 'erors > 0' } }));
  expect(bad).toMatchObject({ code: 'invalid_filter', status: 400, request_id: 'r1', message: 'this is invalid_filter' });
  expect(bad.details).toMatchObject({ at: { start: 3, end: 5 }, nearest: 'errors' });
  expect(await failure(client().request('GET /api/v1/replays'))).toMatchObject({ code: 'http_502', status: 502 });
  expect(await failure(client().request('GET /api/v1/replays'))).toMatchObject({ code: 'broken_answer' });
  const nobody = client({ origin: 'http://127.0.0.1:9' });
  expect(await failure(nobody.request('GET /api/v1/replays'))).toMatchObject({ code: 'offline', status: 0 });
});

test('what is put off is asked again, and not for ever', async () => {
  const later = { status: 429, headers: { 'retry-after': '0' }, body: error('rate_limited') };
  told = [later, later, { body: { projects: [] } }];
  expect(await client().request('GET /api/v1/projects')).toEqual({ projects: [] });
  expect(asked.length).toBe(3);

  told = Array.from({ length: 9 }, () => later);
  expect(await failure(client({ retries: 4 }).request('GET /api/v1/projects'))).toMatchObject({ code: 'rate_limited', retry_after_s: 0 });
  expect(asked.length).toBe(3 + 5);

  told = [{ ...later, headers: { 'retry-after': '61' } }];
  expect(await failure(client().request('GET /api/v1/projects'))).toMatchObject({ retry_after_s: 61 });
  expect(asked.length).toBe(3 + 5 + 1);
});

test('only what cannot have been done is asked again when the server is busy', async () => {
  const busy = { status: 503, headers: { 'retry-after': '0' }, body: error('unavailable') };
  told = [busy, { body: { projects: [] } }];
  expect(await client().request('GET /api/v1/projects')).toEqual({ projects: [] });
  told = [busy, { status: 202, body: {} }];
  const deletion = client().request('POST /api/v1/deletions', { body: { user_id: 'ada' } });
  expect(await failure(deletion)).toMatchObject({ code: 'unavailable' });
});

test('a signal ends the wait for another try', async () => {
  told = [{ status: 429, headers: { 'retry-after': '30' }, body: error('rate_limited') }];
  const abort = new AbortController();
  const fetch: typeof globalThis.fetch = async (...request) => {
    const answer = await globalThis.fetch(...request);
    setTimeout(() => abort.abort(new Error('enough')), 10);
    return answer;
  };
  await expect(client({ fetch }).request('GET /api/v1/projects', { signal: abort.signal })).rejects.toThrow('enough');
});

test('pages are asked for one after the other, as far as they are read', async () => {
  const page = (ids: string[], next_cursor: string | null) => ({ body: { replays: ids.map((id) => ({ id })), next_cursor } });
  told = [page(['a', 'b'], 'c1'), page([], 'c2'), page(['c'], null)];
  const ids: string[] = [];
  for await (const replay of client().each('GET /api/v1/replays', 'replays', { query: { limit: 2 } })) ids.push(replay.id);
  expect(ids).toEqual(['a', 'b', 'c']);
  expect(asked.map(({ url }) => url.split('?')[1])).toEqual(['limit=2', 'limit=2&cursor=c1', 'limit=2&cursor=c2']);

  told = [page(['a'], 'c1'), page(['b'], 'c2')];
  for await (const { replays } of client().pages('GET /api/v1/replays')) if (replays[0]?.id === 'b') break;
  expect(asked.length).toBe(5);

  told = [page(['a'], 'c1'), page(['b'], 'c1')];
  const endless = async () => {
    for await (const each of client().pages('GET /api/v1/replays')) expect(each.next_cursor).toBe('c1');
  };
  expect(await failure(endless())).toMatchObject({ code: 'broken_answer' });
});

/** Never run: what the compiler has to refuse. */
export async function refused() {
  const api = client();
  // @ts-expect-error there is no such operation
  await api.request('GET /api/v1/replay');
  // @ts-expect-error the path needs an id
  await api.request('GET /api/v1/replays/{id}');
  // @ts-expect-error the body needs a text
  await api.request('POST /api/v1/replays/{id}/comments', { path: { id: 'r' }, body: { at_ms: 1 } });
  // @ts-expect-error a parameter that the operation does not know
  await api.request('GET /api/v1/replays', { query: { filtr: '' } });
  // @ts-expect-error one answer is no list of pages
  api.pages('GET /api/v1/projects');
  // @ts-expect-error the page has no such list
  api.each('GET /api/v1/replays', 'users');
  // @ts-expect-error a replay has no such field
  for await (const replay of api.each('GET /api/v1/replays', 'replays')) replay.nothing;
}
