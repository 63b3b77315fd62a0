import { expect, test, vi } from 'vitest';
import { ApiClient, ApiError, isAbort } from './client';

function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

test('an error keeps code, message, request id and waiting time', async () => {
  const body = { error: { code: 'throttled', message: 'Too many attempts.', request_id: 'r-1' } };
  const client = new ApiClient(async () => json(body, 429, { 'retry-after': '30' }));
  const error = await client.login('a@example.com', 'x').catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    code: 'throttled',
    message: 'Too many attempts.',
    status: 429,
    request_id: 'r-1',
    retry_after_s: 30,
  });
});

test('an error without a readable body still names the status', async () => {
  const client = new ApiClient(async () => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(client.replay('x')).rejects.toMatchObject({ code: 'http_502', status: 502 });
});

test('a failed connection is called offline', async () => {
  const client = new ApiClient(async () => {
    throw new TypeError('Failed to fetch');
  });
  await expect(client.replay('x')).rejects.toMatchObject({ code: 'offline' });
});

test('equal reads share one request, different ones do not', async () => {
  const fetch = vi.fn(async (url: string | URL | Request) => json({ id: String(url) }));
  const client = new ApiClient(fetch);
  const [first, second, other] = await Promise.all([
    client.replay('a'),
    client.replay('a'),
    client.replay('b'),
  ]);
  expect(fetch).toHaveBeenCalledTimes(2);
  expect(first).toEqual(second);
  expect(other).not.toEqual(first);
  await client.replay('a');
  expect(fetch).toHaveBeenCalledTimes(3);
});

test('a shared request is given up only when nobody waits for it', async () => {
  let request_signal: AbortSignal | undefined;
  let answer: (response: Response) => void = () => {};
  const client = new ApiClient((_url, init) => {
    request_signal = init?.signal ?? undefined;
    return new Promise((resolve) => (answer = resolve));
  });
  const leaving = new AbortController();
  const gone = client.replay('a', leaving.signal);
  const staying = client.replay('a');
  leaving.abort();
  expect(isAbort(await gone.catch((error: unknown) => error))).toBe(true);
  expect(request_signal?.aborted).toBe(false);
  answer(json({ id: 'a' }));
  expect(await staying).toEqual({ id: 'a' });

  const alone = new AbortController();
  const given_up = client.replay('b', alone.signal);
  alone.abort();
  expect(isAbort(await given_up.catch((error: unknown) => error))).toBe(true);
  expect(request_signal?.aborted).toBe(true);
});

test('unsafe calls carry the csrf token, a lost session is reported for reads only', async () => {
  const seen: (string | null)[] = [];
  const client = new ApiClient(async (_url, init) => {
    seen.push(new Headers(init?.headers).get('x-csrf-token'));
    return json({ error: { code: 'unauthenticated', message: 'Sign in.' } }, 401);
  });
  const lost = vi.fn();
  client.onUnauthenticated = lost;
  client.csrf_token = 'secret';
  await expect(client.logout()).rejects.toMatchObject({ status: 401 });
  expect(seen).toEqual(['secret']);
  expect(lost).not.toHaveBeenCalled();
  await expect(client.me()).rejects.toMatchObject({ status: 401 });
  expect(lost).not.toHaveBeenCalled();
  await expect(client.replays({ limit: 1 })).rejects.toMatchObject({ status: 401 });
  expect(lost).toHaveBeenCalledTimes(1);
});
