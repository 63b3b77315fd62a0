// Files of a folder on an address of their own, until both are taken away.
import { createServer, type Server as HttpServer } from 'node:http';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';

const content_types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

export class FolderSite {
  private constructor(
    readonly folder: string,
    readonly origin: string,
    private readonly http: HttpServer,
  ) {}

  static async start(): Promise<FolderSite> {
    const folder = mkdtempSync(join(tmpdir(), 'reenact-e2e-site-'));
    const http = createServer((request, response) => {
      const path = normalize(new URL(request.url!, 'http://site').pathname);
      const file = path.endsWith('/') ? `${path}index.html` : path;
      try {
        const body = readFileSync(join(folder, file));
        // Fonts are loaded across origins only when the site allows it.
        response.writeHead(200, { 'content-type': content_types[extname(file)] ?? 'text/plain', 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
        response.end(body);
      } catch {
        response.writeHead(404).end();
      }
    });
    await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
    return new FolderSite(folder, `http://127.0.0.1:${(http.address() as AddressInfo).port}`, http);
  }

  /** Nobody answers at the address any more, and the files are gone. */
  async vanish(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((closed) => this.http.close(closed));
    rmSync(this.folder, { recursive: true, force: true });
  }
}
