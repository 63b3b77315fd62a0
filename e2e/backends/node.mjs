// A small server with @sentry/node: /backend/fail goes on with the page's trace and fails.
import * as Sentry from '@sentry/node';
import { createServer } from 'node:http';

Sentry.init({ dsn: process.env.SENTRY_DSN, release: 'e2e-node@2.0.0', environment: 'e2e', tracesSampleRate: 1 });

const server = createServer((request, response) => {
  response.setHeader('access-control-allow-origin', '*');
  response.setHeader('access-control-allow-headers', 'sentry-trace, baggage');
  if (request.method === 'OPTIONS') return response.end();
  const { 'sentry-trace': sentryTrace, baggage } = request.headers;
  Sentry.continueTrace({ sentryTrace, baggage }, () =>
    Sentry.startSpan({ name: 'GET /backend/fail', op: 'http.server' }, () => {
      Sentry.captureException(new RangeError('the Node shelf is empty'));
      response.statusCode = 500;
      response.end('{}');
    }),
  );
});
server.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
process.on('SIGTERM', () => Sentry.close(5000).then(() => process.exit(0)));
