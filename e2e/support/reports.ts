// Errors and people, reported as a Sentry and a PostHog SDK would.
import { credentials, type Server } from './server';

export async function report(server: Server, number: number, type: string, user: string): Promise<void> {
  const event = {
    event_id: `${Date.now().toString(16)}${number}`.padStart(32, '0'),
    platform: 'javascript',
    timestamp: Date.now() / 1000,
    release: 'shop@1',
    user: { id: user, email: `${user}@mail.example` },
    exception: {
      values: [
        {
          type,
          value: `cannot pay for ${type}`,
          stacktrace: {
            frames: [
              { filename: 'https://shop.example/vendor.js', function: 'dispatch', lineno: 4, colno: 2, in_app: false },
              { filename: 'https://shop.example/cart.js', function: `pay${type}`, lineno: 12, colno: 7, in_app: true },
            ],
          },
        },
      ],
    },
  };
  const answer = await fetch(`${server.origin}/api/1/store/?sentry_version=7&sentry_key=${credentials.ingestKey}`, { method: 'POST', body: JSON.stringify(event) });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}

export async function identify(server: Server, user: string): Promise<void> {
  const anonymous = '0190a3b2-1111-7aaa-8bbb-000000000001';
  const event = { event: '$identify', uuid: '0190a3b2-2222-7aaa-8bbb-000000000002', timestamp: new Date().toISOString(), properties: { distinct_id: user, $anon_distinct_id: anonymous }, $set: { email: `${user}@mail.example`, plan: 'gold' } };
  const answer = await fetch(`${server.origin}/e/`, { method: 'POST', body: JSON.stringify({ api_key: credentials.ingestKey, batch: [event] }) });
  if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${await answer.text()}`);
}
