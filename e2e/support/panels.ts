// What the server found in a recording, and the errors and traces linked to it.
import type { Replay, Server } from './server';

export interface Fact {
  at_ms: number;
  kind: string;
  [field: string]: any;
}

export interface LinkedError {
  event_id: string;
  issue_id: number;
  at_ms: number;
  title: string;
  message: string | null;
  is_server_side: boolean;
  link: string | null;
  release: string | null;
  exceptions: { frames: { file: string | null; line: number | null }[] }[];
}

const path = (replay: Replay) => `/api/v1/replays/${encodeURIComponent(replay.id)}`;

export const factsOf = async (server: Server, replay: Replay) => (await server.get<{ facts: Fact[] }>(`${path(replay)}/facts`)).facts;

export const errorsOf = async (server: Server, replay: Replay) => (await server.get<{ errors: LinkedError[] }>(`${path(replay)}/errors`)).errors;

export const spansOf = async (server: Server, replay: Replay) => (await server.get<{ spans: { trace_id: string; is_server_side: boolean; name: string }[] }>(`${path(replay)}/spans`)).spans;
