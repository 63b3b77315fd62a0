// A server for pages with the SDK: serves them, their settings, and takes recordings.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expand } from './expand.mjs';

export interface Upload {
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  status: number;
  events: any[];
  isInColumns: boolean;
  wire_bytes: number;
}

export class Ingest {
  private server!: Server;
  url = '';
  uploads: Upload[] = [];
  /** Statuses of the next uploads; 200 when the list is empty. */
  answers: number[] = [];
  config: { status: number; body: unknown } = { status: 200, body: { configs: { sessionReplay: {} } } };
  configRequests = 0;
  /** Paths of all requests. */
  paths: string[] = [];
  /** Events for search and charts. */
  analytics: any[] = [];
  interactions: { query: URLSearchParams; events: any[] }[] = [];
  /** Every answer is so late. */
  latency_ms = 0;
  pages: Record<string, string> = {};
  /** A server that does not know columns. */
  isOld = false;
  /** The page's policy. */
  policy = '';

  async start(): Promise<void> {
    this.server = createServer((request, response) => {
      void this.answer(request).then(({ status, body, type, headers }) => {
        response.writeHead(status, {
          'Content-Type': type ?? 'text/plain',
          'Access-Control-Allow-Origin': request.headers.origin ?? '*',
          'Access-Control-Allow-Credentials': 'true',
          'Access-Control-Allow-Headers': 'authorization,content-type,content-encoding',
          ...headers,
        });
        response.end(body);
      });
    });
    await new Promise<void>((done) => this.server.listen(0, 'localhost', done));
    this.url = `http://localhost:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage): Promise<{
    status: number;
    body: string | Buffer;
    type?: string;
    headers?: Record<string, string>;
  }> {
    const url = new URL(request.url!, this.url);
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return { status: 400, body: '' };
    }
    this.paths.push(url.pathname);
    if (this.latency_ms) await new Promise((done) => setTimeout(done, this.latency_ms));
    if (request.method === 'OPTIONS') return { status: 204, body: '' };
    if (url.pathname === '/2/httpapi') {
      this.analytics.push(...JSON.parse(Buffer.concat(chunks).toString()).events);
      return { status: 200, body: '{"code":200}', type: 'application/json' };
    }
    if (url.pathname === '/sessions/v2/track') {
      const { events } = JSON.parse(Buffer.concat(chunks).toString());
      this.interactions.push({ query: url.searchParams, events });
      return { status: 200, body: '{"code":200}', type: 'application/json' };
    }
    if (url.pathname.startsWith('/config/')) {
      this.configRequests++;
      return { status: this.config.status, body: JSON.stringify(this.config.body), type: 'application/json' };
    }
    if (url.pathname === '/api/v1/ingest/rrweb') {
      const wire = Buffer.concat(chunks);
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(wire) : wire).toString();
      const isInColumns = text.startsWith('[columns ');
      const status = this.answers.shift() ?? (isInColumns && this.isOld ? 400 : 200);
      const events = JSON.parse(isInColumns ? expand(text) : text);
      this.uploads.push({ query: url.searchParams, headers: request.headers, status, events, isInColumns, wire_bytes: wire.length });
      return { status, body: '{}', type: 'application/json' };
    }
    const page = this.pages[url.pathname];
    if (page !== undefined) {
      const headers: Record<string, string> = this.policy ? { 'Content-Security-Policy': this.policy } : {};
      return { status: 200, body: page, type: url.pathname.endsWith('.js') ? 'text/javascript' : 'text/html', headers };
    }
    const file = /^\/(dist|node_modules)\//.test(url.pathname) ? url.pathname : null;
    if (!file) return { status: 404, body: '' };
    const root = file.startsWith('/dist/') ? '../..' : '../../..';
    const path = fileURLToPath(new URL(root + file, import.meta.url));
    return { status: 200, body: await readFile(path), type: 'text/javascript' };
  }

  /** Every event that was stored, once, in time order, without the marks of the transport. */
  stored(session?: string): any[] {
    return this.all(session).filter(({ data }) => data.tag !== 'reenact-chunk');
  }

  /** What the transport says about its chunks. */
  marks(session?: string): any[] {
    return this.all(session).filter(({ data }) => data.tag === 'reenact-chunk').map(({ data }) => data.payload);
  }

  private all(session?: string): any[] {
    const once = new Map<string, any>();
    for (const upload of this.uploads) {
      if (upload.status >= 300 || (session && upload.query.get('session_id') !== session)) continue;
      for (const event of upload.events) once.set(JSON.stringify(event), event);
    }
    return [...once.values()].sort((a, b) => a.timestamp - b.timestamp);
  }

  has(text: string): boolean {
    return JSON.stringify(this.stored()).includes(text);
  }

  reset(): void {
    this.uploads = [];
    this.answers = [];
    this.config = { status: 200, body: { configs: { sessionReplay: {} } } };
    this.configRequests = 0;
    this.paths = [];
    this.analytics = [];
    this.interactions = [];
    this.latency_ms = 0;
    this.pages = {};
    this.policy = '';
    this.isOld = false;
  }
}
