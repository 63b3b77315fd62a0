import { expect, test } from 'vitest';
import { installSteps } from './install';

test.each(['amplitude', 'posthog', 'reenact', 'rrweb'] as const)('%s steps hold the real key and address', (way) => {
  const code = installSteps(way, 'https://replay.example', 'key-1').map((step) => step.code).join('\n');
  expect(code).toContain("'https://replay.example'");
  expect(code).toContain("'key-1'");
});

test('a DSN holds key and host', () => {
  const code = installSteps('sentry', 'https://replay.example:8443', 'key1')[1]?.code ?? '';
  expect(code).toContain("dsn: 'https://key1@replay.example:8443/1'");
});

test('a key with dashes is written as SDKs take it', () => {
  const code = installSteps('sentry', 'https://replay.example', 'my-old_key')[1]?.code ?? '';
  expect(code).toContain("dsn: 'https://my_2dold_5fkey@replay.example/1'");
});

test('a key cannot break out of its quotes', () => {
  const code = installSteps('rrweb', 'https://replay.example', "k'; alert(1); '\\")[1]?.code ?? '';
  expect(code).toContain("const key = 'k\\'; alert(1); \\'\\\\';");
});
