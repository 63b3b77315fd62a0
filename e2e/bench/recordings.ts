// What is measured: sessions as they are, and a working day joined from them.
import { decompress } from 'fzstd';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { credentials, type Replay, type RrwebEvent, type Server } from '../support/server';

export interface Session {
  name: string;
  replay: Replay;
  json_bytes: number;
}

/** By what makes them hard: shadow trees, tables, long pages, a busy grid, charts that never rest. */
const single = ['kitchen-u1', 'admin-u4', 'docs-u1', 'trading-u1', 'metrics-u3'];
/** A day of work is mostly ordinary pages; the charts come by in every second round. */
const ordinary = ['admin-u4', 'crm-u1', 'shop-u2', 'chat-u1', 'ide-u1', 'kitchen-u1'];
const round = [...ordinary, 'metrics-u3', ...ordinary];
const pause_ms = 1_500;
/** An upload has a limit; a long stretch of charts is above it. */
const upload_bytes = 2_000_000;

const recordings = new Map<string, string[]>();

/** One event a line, as JSON. */
function recording(name: string): string[] {
  let lines = recordings.get(name);
  if (!lines) {
    const packed = readFileSync(fileURLToPath(new URL(`../../fixtures/rrweb/${name}.jsonl.zst`, import.meta.url)));
    lines = new TextDecoder().decode(decompress(packed)).trim().split('\n');
    recordings.set(name, lines);
  }
  return lines;
}

/** `only`: starts of names; everything when left out. */
export async function uploadSessions(server: Server, hours: number, only?: string[]): Promise<Session[]> {
  const wanted = (name: string) => !only || only.some((start) => name.startsWith(start));
  const start_ms = Date.now() - 86_400_000;
  const sessions: Session[] = [];
  for (const name of single.filter(wanted)) sessions.push(await uploadJoined(server, name, [name], start_ms, start_ms + 1));
  if (wanted('joined')) sessions.push(await uploadJoined(server, `joined, ${hours} h`, round, start_ms, start_ms + hours * 3_600_000));
  return sessions;
}

/** One recording of the repository, as if it had begun at this time. */
export async function uploadRecording(server: Server, name: string, start_ms: number): Promise<Replay> {
  return (await uploadJoined(server, name, [name], start_ms, start_ms + 1)).replay;
}

/** Whole recordings one after the other, until the end has been reached. */
async function uploadJoined(server: Server, name: string, parts: string[], start_ms: number, end_ms: number): Promise<Session> {
  const device = `visitor-${name}`.replace(/\W+/g, '-');
  let at_ms = start_ms;
  let json_bytes = 0;
  for (let part = 0; at_ms < end_ms; part += 1) {
    const events = moved(recording(parts[part % parts.length]!), at_ms);
    at_ms = events.at(-1)!.timestamp + pause_ms;
    for (const slice of slices(events)) {
      json_bytes += slice.length;
      await send(server, device, slice);
    }
  }
  return { name, replay: await listed(server, device), json_bytes };
}

function moved(lines: string[], start_ms: number): RrwebEvent[] {
  const events = lines.map((line) => JSON.parse(line) as RrwebEvent);
  const shift_ms = start_ms - Math.min(...events.map((event) => event.timestamp));
  for (const event of events) event.timestamp += shift_ms;
  return events.sort((a, b) => a.timestamp - b.timestamp);
}

function* slices(events: RrwebEvent[]): Generator<string> {
  let slice: string[] = [];
  let bytes = 0;
  for (const event of events) {
    const json = JSON.stringify(event);
    slice.push(json);
    bytes += json.length;
    if (bytes < upload_bytes) continue;
    yield `[${slice.join(',')}]`;
    slice = [];
    bytes = 0;
  }
  if (slice.length > 0) yield `[${slice.join(',')}]`;
}

async function send(server: Server, device: string, body: string): Promise<void> {
  const query = new URLSearchParams({ device_id: device, session_id: 'bench' });
  for (;;) {
    const answer = await fetch(`${server.origin}/api/v1/ingest/rrweb?${query}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${credentials.ingestKey}`, 'content-type': 'application/json' },
      body,
    });
    if (answer.ok) return;
    // Faster than it is sealed: the server asks to wait.
    if (answer.status !== 429 && answer.status !== 503) throw new Error(`an upload was answered ${answer.status}: ${await answer.text()}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

/** What is not sealed yet is read differently; what is measured is the usual case. */
async function listed(server: Server, device: string): Promise<Replay> {
  const give_up_ms = Date.now() + 180_000;
  for (;;) {
    const [replay] = await server.replaysOf(device);
    if (replay?.state === 'complete') return replay;
    if (Date.now() > give_up_ms) throw new Error(`the replay of ${device} is not sealed`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
