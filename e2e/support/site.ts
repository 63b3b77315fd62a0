// The recorded web site, on an origin of its own so that every upload of an SDK
// is a cross-origin request, as it is on a customer's site.
import { createServer, type Server as HttpServer } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';

const siteFolder = join(import.meta.dirname, '..', 'site');
const cacheFolder = join(import.meta.dirname, '..', '.cache');

const contentTypes: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
};

/** Which SDK the pages load and how they start it. */
export interface Instrumentation {
  /** Script builds in `.cache`, loaded in this order. */
  scripts: string[];
  /** A file of `site/start`. */
  start: 'standalone' | 'plugin' | 'unified' | 'plain' | 'sentry' | 'posthog';
  config: { ingestKey: string; server: string; deviceId: string; sessionId: number; options?: Record<string, unknown> };
}

export class Site {
  private constructor(
    readonly origin: string,
    private readonly http: HttpServer,
    private readonly current: { instrumentation?: Instrumentation },
  ) {}

  static async start(): Promise<Site> {
    const current: { instrumentation?: Instrumentation } = {};
    const http = createServer((request, response) => {
      const path = new URL(request.url!, 'http://site').pathname;
      try {
        const body = content(path, current.instrumentation);
        response.writeHead(200, { 'content-type': contentTypes[extname(path)] ?? 'text/plain', 'cache-control': 'no-store' });
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
    return new Site(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, http, current);
  }

  use(instrumentation: Instrumentation): void {
    this.current.instrumentation = instrumentation;
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((closed) => this.http.close(closed));
  }
}

function content(path: string, instrumentation?: Instrumentation): string {
  switch (path) {
    case '/config.js':
      return `window.siteConfig = ${JSON.stringify(instrumentation?.config ?? null)};`;
    case '/sdk.js':
      return (instrumentation?.scripts ?? []).map((name) => readFileSync(join(cacheFolder, name), 'utf8')).join('\n;\n');
    case '/start.js':
      return instrumentation ? readFileSync(join(siteFolder, 'start', `${instrumentation.start}.js`), 'utf8') : '';
    default:
      if (!/^\/[\w-]+\.(html|css|js)$/.test(path)) throw new Error('no such file');
      return readFileSync(join(siteFolder, path), 'utf8');
  }
}
