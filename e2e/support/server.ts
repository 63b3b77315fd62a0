// Starts and stops the real server binary with a data folder of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const binary = resolve(process.env.REENACT_BIN ?? '../target/debug/reenact');
const start_limit_ms = 20_000;
const stop_limit_ms = 20_000;

export const credentials = {
  email: 'owner@example.com',
  password: 'correct horse battery staple',
  project: 'End to end',
  // A DSN takes letters, digits and `_` only.
  ingestKey: 'e2e14f1d9a7c2b8e6f0a3d5c7b9e1f2a',
  apiToken: 'e2e-api-token-9c8b7a6d5e4f3a2b1c0d',
};

export interface Replay {
  id: string;
  device_id: string;
  session_id: string;
  event_count: number;
  status: string;
  state: string;
  playable: boolean;
  source: string;
  user_id: string | null;
  release: string | null;
  environment: string | null;
}

export interface RrwebEvent {
  type: number;
  timestamp: number;
  data: any;
}

export class Server {
  private constructor(
    readonly origin: string,
    readonly dataFolder: string,
    private readonly child: ChildProcess,
    private readonly output: string[],
  ) {}

  /** `bootstrap: false` starts an empty server that offers a set-up link. */
  static async start({ bootstrap = true, env = {} }: { bootstrap?: boolean; env?: Record<string, string> } = {}): Promise<Server> {
    if (!existsSync(binary)) throw new Error(`there is no server at ${binary}; build it or set REENACT_BIN`);
    const dataFolder = mkdtempSync(join(tmpdir(), 'reenact-e2e-'));
    const child = spawn(binary, ['serve', '--data', dataFolder, '--listen', '127.0.0.1:0', '--demo'], {
      env: { ...process.env, ...(bootstrap ? bootstrapEnvironment() : {}), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output: string[] = [];
    const origin = await new Promise<string>((found, failed) => {
      const limit = setTimeout(() => failed(new Error(`the server did not start:\n${output.join('')}`)), start_limit_ms);
      const read = (chunk: Buffer) => {
        output.push(chunk.toString());
        const match = /listening on (http:\/\/[\d.:]+\d)/.exec(output.join(''));
        if (!match) return;
        clearTimeout(limit);
        found(match[1]!);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.on('error', failed);
      child.on('exit', (code) => failed(new Error(`the server ended with ${code}:\n${output.join('')}`)));
    });
    return new Server(origin, dataFolder, child, output);
  }

  get log(): string {
    return this.output.join('');
  }

  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.child.once('exit', () => resolve()));
    if (this.child.exitCode === null) {
      this.child.kill('SIGTERM');
      const limit = setTimeout(() => this.child.kill('SIGKILL'), stop_limit_ms);
      await ended;
      clearTimeout(limit);
    }
    rmSync(this.dataFolder, { recursive: true, force: true });
    // A server that ignores SIGTERM loses data in a real deployment.
    if (this.child.signalCode === 'SIGKILL') throw new Error('the server did not stop on SIGTERM');
  }

  /** GET with the API token; throws unless the answer is 200. */
  async get<T>(path: string): Promise<T> {
    const answer = await fetch(this.origin + path, { headers: { authorization: `Bearer ${credentials.apiToken}` } });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async replaysOf(deviceId: string): Promise<Replay[]> {
    const found: Replay[] = [];
    let cursor: string | null = null;
    // Page by page: tests before may have left more replays than one page holds.
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { replays: Replay[]; next_cursor: string | null } = await this.get(`/api/v1/replays?limit=100${query}`);
      found.push(...page.replays.filter((replay) => replay.device_id === deviceId));
      cursor = page.next_cursor;
    } while (cursor !== null);
    return found;
  }

  /** The events exactly as recorded. */
  eventsOf(replay: Replay): Promise<RrwebEvent[]> {
    return this.get(`/api/v1/replays/${encodeURIComponent(replay.id)}/events`);
  }

  /**
   * Waits until uploads have stopped coming in. They arrive in any order, so
   * the newest event says nothing about those before it.
   */
  async settled(deviceId: string, quiet_ms = 2_500): Promise<void> {
    let counted = -1;
    let since_ms = Date.now();
    while (Date.now() - since_ms < quiet_ms) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      const count = (await this.replaysOf(deviceId)).reduce((sum, replay) => sum + replay.event_count, 0);
      if (count !== counted) since_ms = Date.now();
      counted = count;
    }
  }

  /** The whole recording as the app's player loads it, part by part. */
  async playbackOf(replay: Replay): Promise<RrwebEvent[]> {
    const path = `/api/v1/replays/${encodeURIComponent(replay.id)}`;
    const { chunks } = await this.get<{ chunks: { from_ms: number; to_ms: number }[] }>(`${path}/manifest`);
    const events: RrwebEvent[] = [];
    for (const { from_ms, to_ms } of chunks) events.push(...(await this.get<RrwebEvent[]>(`${path}/playback?from=${from_ms}&to=${to_ms}`)));
    return events;
  }

  /** Uploads a plain rrweb recording, as a script without an SDK would. */
  async upload(deviceId: string, sessionId: string, events: RrwebEvent[]): Promise<Replay> {
    const query = new URLSearchParams({ device_id: deviceId, session_id: sessionId });
    const answer = await fetch(`${this.origin}/api/v1/ingest/rrweb?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentials.ingestKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
    });
    if (!answer.ok) throw new Error(`the upload was answered ${answer.status}: ${await answer.text()}`);
    const limit_ms = Date.now() + 10_000;
    for (;;) {
      const [replay] = await this.replaysOf(deviceId);
      if (replay) return replay;
      if (Date.now() > limit_ms) throw new Error('the uploaded replay is not in the list');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function bootstrapEnvironment(): Record<string, string> {
  return {
    REENACT_BOOTSTRAP_EMAIL: credentials.email,
    REENACT_BOOTSTRAP_PASSWORD: credentials.password,
    REENACT_BOOTSTRAP_PROJECT: credentials.project,
    REENACT_BOOTSTRAP_INGEST_KEY: credentials.ingestKey,
    REENACT_BOOTSTRAP_API_TOKEN: credentials.apiToken,
  };
}
