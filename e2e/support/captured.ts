// Captured requests, sent again as they were.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures');

interface Captured {
  method: string;
  path: string;
  query: string | Record<string, string>;
  headers: Record<string, string>;
  body_base64: string;
}

/** Headers that belong to one connection. */
const of_connection = ['host', 'connection', 'content-length', 'transfer-encoding', 'accept-encoding'];

/** Sends all requests of a folder; each must be answered with 2xx. */
export async function sendCaptured(origin: string, folder: string): Promise<void> {
  for (const name of readdirSync(join(fixtures, folder)).filter((file) => /^\d+\.json$/.test(file)).sort()) {
    const { method, path, query, headers, body_base64 } = JSON.parse(readFileSync(join(fixtures, folder, name), 'utf8')) as Captured;
    const search = new URLSearchParams(query).toString();
    const kept = Object.fromEntries(Object.entries(headers).filter(([header]) => !of_connection.includes(header)));
    const answer = await fetch(`${origin}${path}${search ? `?${search}` : ''}`, {
      method,
      headers: kept,
      ...(method === 'POST' ? { body: Buffer.from(body_base64, 'base64') } : {}),
    });
    if (!answer.ok) throw new Error(`${folder}/${name} was answered ${answer.status}: ${await answer.text()}`);
  }
}
