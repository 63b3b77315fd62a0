// The real sentry-cli uploads source maps in chunks, and an error of the built script is
// led back to its source.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '../support/fixtures';
import { sdkFolder } from '../support/sdks';
import { credentials } from '../support/server';

const program = sdkFolder('sentry-cli-linux-x64-3.8.0.js');
const fixture = (name: string) => join(import.meta.dirname, '..', '..', 'fixtures', 'source-maps', name);

test('sentry-cli injects debug ids and uploads the maps', async ({ server }, testInfo) => {
  test.skip(process.platform !== 'linux' || process.arch !== 'x64', 'the program is one for Linux');
  const build = testInfo.outputPath('build');
  mkdirSync(build, { recursive: true });
  for (const name of ['app.js', 'app.js.map']) cpSync(fixture(name), join(build, name));
  const run = (...args: string[]) =>
    execFileSync(program, ['sourcemaps', ...args, build], {
      encoding: 'utf8',
      env: { ...process.env, SENTRY_URL: server.origin, SENTRY_AUTH_TOKEN: credentials.apiToken, SENTRY_ORG: 'any', SENTRY_PROJECT: 'any' },
    });
  run('inject');
  const script = readFileSync(join(build, 'app.js'), 'utf8');
  const debug_id = /debugId=([0-9a-f-]{36})/.exec(script)?.[1];
  expect(debug_id).toBeDefined();
  expect(run('upload')).toContain('Uploaded files');

  const lines = script.split('\n');
  const line = lines.findIndex((text) => text.includes('new TypeError')) + 1;
  const colno = lines[line - 1]!.indexOf('new TypeError') + 1;
  const address = 'https://shop.test/anywhere/app.js';
  const event = {
    event_id: debug_id!.replaceAll('-', ''),
    platform: 'javascript',
    timestamp: 1_767_600_000,
    debug_meta: { images: [{ type: 'sourcemap', code_file: address, debug_id }] },
    exception: { values: [{ type: 'TypeError', value: 'sent by the test of sentry-cli', stacktrace: { frames: [{ filename: address, abs_path: address, function: 'e', lineno: line, colno, in_app: true }] } }] },
  };
  const answer = await fetch(`${server.origin}/api/1/store/?sentry_version=7&sentry_key=${credentials.ingestKey}`, { method: 'POST', body: JSON.stringify(event) });
  expect(answer.status).toBe(200);
  const read = async (path: string) => {
    const answer = await fetch(server.origin + path, { headers: { authorization: `Bearer ${credentials.apiToken}` } });
    return (await answer.json()) as any;
  };
  await expect
    .poll(async () => {
      const { issues } = await read('/api/v1/issues?q=sentry-cli&limit=100');
      const issue = issues.find((it: any) => it.title.includes('sent by the test of sentry-cli'));
      if (!issue) return null;
      const { latest } = await read(`/api/v1/issues/${issue.id}`);
      return latest[0].exceptions[0].frames[0];
    })
    .toMatchObject({ file: expect.stringContaining('src/cart.ts'), line: 3, context_line: expect.stringContaining('no such fruit') });
});
