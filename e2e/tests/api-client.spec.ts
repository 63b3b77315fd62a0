// The API's client against the real server: the manual's example in Node, pages of a list in a
// browser, and the server's own limit of requests.
import { ApiError, createClient } from '@reenact/client';
import { build } from 'esbuild';
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test as base } from '../support/fixtures';
import { countingRecording, element, page as recordedPage, text } from '../support/recordings';
import { Server, credentials } from '../support/server';

const run = promisify(execFile);
const requests_per_minute = 60;

const test = base.extend<object, { server: Server }>({
  server: [
    async ({}, use) => {
      const env = { REENACT__SEAL__IDLE_SECONDS: '1', REENACT__API__REQUESTS_PER_MINUTE: '100000' };
      const server = await Server.start({ env });
      await use(server);
      await server.stop();
    },
    { scope: 'worker', timeout: 60_000 },
  ],
});

const clientOf = (server: Server) => createClient({ origin: server.origin, token: credentials.apiToken });

test("the manual's example compiles and runs", async ({ server }, info) => {
  const start_ms = Date.now() - 60_000;
  const failed = recordedPage(start_ms, 'https://shop.example/pay', [], [element('p', {}, [text('Pay')])]);
  failed.push({ type: 6, timestamp: start_ms + 1_000, data: { plugin: 'rrweb/console@1', payload: { level: 'error', payload: ['"Card refused"'], trace: [] } } });
  const replay = await server.upload(`client-${start_ms}`, `${start_ms}`, failed);
  const found = clientOf(server);
  await expect
    .poll(async () => (await found.request('GET /api/v1/replays', { query: { filter: 'console_errors > 0' } })).total)
    .toBe(1);

  const manual = await readFile('../docs/api.md', 'utf8');
  const example = /```ts\n([^]*?)```/.exec(manual)?.[1];
  // Below this folder, so that the package is found as a program of a customer finds it.
  const folder = info.outputPath('program');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
  await writeFile(join(folder, 'example.ts'), example ?? '');
  const strict = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--lib', 'es2022,dom,dom.iterable'];
  await run('npx', ['tsc', ...strict, join(folder, 'example.ts')]);
  const env = { ...process.env, SERVER: server.origin, TOKEN: credentials.apiToken };
  const { stdout } = await run(process.execPath, [join(folder, 'example.js')], { env });
  expect(stdout).toContain('1 of these replays');
  expect(stdout).toContain(`${replay.id}: Card refused`);
  expect(stdout).toContain('did you mean errors?');
});

test('a browser reads all pages of a list', async ({ server, page }) => {
  const start_ms = Date.now() - 90_000;
  const device = `client-pages-${start_ms}`;
  for (const session of [1, 2, 3]) await server.upload(device, `${start_ms + session}`, countingRecording(start_ms + session, 2));
  const filter = `device = "${device}"`;
  const total = async () => (await clientOf(server).request('GET /api/v1/replays', { query: { filter, range: 'all' } })).total;
  await expect.poll(total).toBe(3);
  const bundle = await build({ entryPoints: [resolve('../client/dist/index.js')], bundle: true, format: 'iife', globalName: 'client', write: false });
  const html = `<!doctype html><script>${bundle.outputFiles[0]!.text}</script>`;
  await page.route(`${server.origin}/of-a-customer`, (route) => route.fulfill({ contentType: 'text/html', body: html }));
  await page.goto(`${server.origin}/of-a-customer`);
  const asked: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  const sessions = await page.evaluate(
    async ([token, filter]) => {
      const { createClient } = (globalThis as unknown as { client: typeof import('@reenact/client') }).client;
      const api = createClient({ origin: location.origin, token: token! });
      const sessions: string[] = [];
      const query = { filter, range: 'all', limit: 1 } as const;
      for await (const replay of api.each('GET /api/v1/replays', 'replays', { query })) sessions.push(replay.session_id);
      return sessions;
    },
    [credentials.apiToken, filter],
  );
  expect(sessions).toEqual([3, 2, 1].map((session) => `${start_ms + session}`));
  expect(asked.filter((url) => url.includes('cursor=')).length).toBeGreaterThanOrEqual(2);
});

test('what the token may not do and what is not there have their codes', async ({ server }) => {
  const api = clientOf(server);
  const codeOf = (of: Promise<unknown>) => of.then(() => 'done', (error: unknown) => error instanceof ApiError && error.code);
  expect(await codeOf(api.request('GET /api/v1/replays/{id}', { path: { id: 'none' } }))).toBe('not_found');
  expect(await codeOf(api.request('POST /api/v1/deletions', { body: { user_id: 'ada' } }))).toBe('missing_scope');
  const stranger = createClient({ origin: server.origin, token: 'wrong' });
  expect(await codeOf(stranger.request('GET /api/v1/projects'))).toBe('unauthenticated');
});

test("more requests than the server's limit are all answered", async () => {
  const server = await Server.start({ env: { REENACT__API__REQUESTS_PER_MINUTE: `${requests_per_minute}` } });
  try {
    let put_off = 0;
    const counting: typeof fetch = async (...request) => {
      const answer = await fetch(...request);
      if (answer.status === 429) put_off += 1;
      return answer;
    };
    const api = createClient({ origin: server.origin, token: credentials.apiToken, fetch: counting });
    for (let asked = 0; asked < requests_per_minute + 3; asked += 1) await api.request('GET /api/v1/projects');
    expect(put_off).toBeGreaterThan(0);
    const hasty = createClient({ origin: server.origin, token: credentials.apiToken, retries: 0 });
    const all = Array.from({ length: requests_per_minute }, () => hasty.request('GET /api/v1/projects'));
    const codes = (await Promise.allSettled(all)).map((it) => (it.status === 'rejected' ? (it.reason as ApiError).code : 'done'));
    expect(codes).toContain('rate_limited');
  } finally {
    await server.stop();
  }
});
