// Stands between the SDK and the server and passes every byte on unchanged. It
// sees what the browser's own tools do not show reliably: uploads of workers
// and beacons, each with its body and the server's answer.
import { createHash } from 'node:crypto';
import { createServer, request as httpRequest, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Upload {
  at_ms: number;
  method: string;
  path: string;
  query: URLSearchParams;
  origin: string | undefined;
  body_sha256: string;
  size_bytes: number;
  /** Undefined while under way or when the page left before the answer. */
  status?: number;
}

export class Tap {
  readonly uploads: Upload[] = [];
  private open = 0;

  private constructor(
    readonly origin: string,
    private readonly http: HttpServer,
  ) {}

  static async start(target: string): Promise<Tap> {
    const { hostname, port } = new URL(target);
    const tap: { current?: Tap } = {};
    const http = createServer(async (incoming, outgoing) => {
      const self = tap.current!;
      self.open += 1;
      outgoing.on('close', () => (self.open -= 1));
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of incoming) chunks.push(chunk as Buffer);
      } catch {
        return; // The page was closed in the middle of the upload.
      }
      const body = Buffer.concat(chunks);
      const url = new URL(incoming.url!, 'http://tap');
      const upload: Upload = {
        at_ms: Date.now(),
        method: incoming.method!,
        path: url.pathname,
        query: url.searchParams,
        origin: incoming.headers.origin,
        body_sha256: createHash('sha256').update(url.search).update(body).digest('hex'),
        size_bytes: body.length,
      };
      self.uploads.push(upload);
      const forward = httpRequest({ hostname, port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
        upload.status = answer.statusCode;
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      forward.on('error', () => outgoing.destroy());
      forward.end(body);
    });
    await new Promise<void>((listening) => http.listen(0, '127.0.0.1', listening));
    tap.current = new Tap(`http://127.0.0.1:${(http.address() as AddressInfo).port}`, http);
    return tap.current;
  }

  get underWay(): number {
    return this.open;
  }

  posts(path: string): Upload[] {
    return this.uploads.filter((upload) => upload.method === 'POST' && upload.path === path);
  }

  async stop(): Promise<void> {
    this.http.closeAllConnections();
    await new Promise((closed) => this.http.close(closed));
  }
}
