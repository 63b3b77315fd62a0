// What is measured: sessions as they are, and a working day joined from them.
import { recordingFiles, readRecording } from '../support/keyframes';
import { credentials, type Replay, type RrwebEvent, type Server } from '../support/server';

export interface Session {
  name: string;
  replay: Replay;
}

/** By what makes them hard: shadow trees, tables, long pages, a busy grid, charts that never rest. */
const single = ['kitchen-u1', 'admin-u4', 'docs-u1', 'trading-u1', 'metrics-u3'];
/** A day of work is mostly ordinary pages; the charts come by once in each round. */
const joined = ['admin-u4', 'crm-u1', 'shop-u2', 'chat-u1', 'ide-u1', 'kitchen-u1', 'metrics-u3'];
const pause_ms = 1_500;

const recordings = new Map<string, RrwebEvent[]>();

function recording(name: string): RrwebEvent[] {
  let events = recordings.get(name);
  if (!events) {
    const file = recordingFiles().find((path) => path.endsWith(`/${name}.jsonl.zst`));
    if (!file) throw new Error(`there is no recording ${name}`);
    events = JSON.parse(readRecording(file).events) as RrwebEvent[];
    recordings.set(name, events);
  }
  return events;
}

/** `only`: starts of names; everything when left out. */
export async function uploadSessions(server: Server, hours: number, only?: string[]): Promise<Session[]> {
  const wanted = (name: string) => !only || only.some((start) => name.startsWith(start));
  const sessions: Session[] = [];
  for (const name of single.filter(wanted)) {
    const device = `bench-${name}`;
    const replay = await server.upload(device, name, moved(recording(name), Date.now() - 86_400_000));
    sessions.push({ name, replay });
  }
  if (wanted('joined')) sessions.push({ name: `joined, ${hours} h`, replay: await uploadJoined(server, hours) });
  return sessions;
}

async function uploadJoined(server: Server, hours: number): Promise<Replay> {
  const device = `bench-joined-${hours}h`;
  const start_ms = Date.now() - 86_400_000;
  let at_ms = start_ms;
  let replay: Replay | null = null;
  for (let part = 0; at_ms < start_ms + hours * 3_600_000; part += 1) {
    const events = moved(recording(joined[part % joined.length]!), at_ms);
    at_ms = events.at(-1)!.timestamp + pause_ms;
    // The first asks for the replay; the others only send.
    if (!replay) replay = await server.upload(device, 'joined', events);
    else for (const half of slices(events)) await send(server, device, half);
  }
  return replay!;
}

/** An upload has a limit; a long stretch of charts is above it. */
function slices(events: RrwebEvent[]): RrwebEvent[][] {
  const parts: RrwebEvent[][] = [];
  for (let from = 0; from < events.length; from += 100) parts.push(events.slice(from, from + 100));
  return parts;
}

async function send(server: Server, device: string, events: RrwebEvent[]): Promise<void> {
  const query = new URLSearchParams({ device_id: device, session_id: 'joined' });
  const answer = await fetch(`${server.origin}/api/v1/ingest/rrweb?${query}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.ingestKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(events),
  });
  if (!answer.ok) throw new Error(`an upload was answered ${answer.status}: ${await answer.text()}`);
}

function moved(events: RrwebEvent[], start_ms: number): RrwebEvent[] {
  const shift_ms = start_ms - events[0]!.timestamp;
  return events.map((event) => ({ ...event, timestamp: event.timestamp + shift_ms }));
}
