// What must hold for the stored recording of any visit, whatever recorded it.
import { expect } from '@playwright/test';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { credentials, type RrwebEvent, type Server } from './server';
import type { Tap } from './tap';

/** `keyIsShown`: an SDK that writes its whole configuration, with the public key, into each recording. */
export function expectNoSecrets(events: RrwebEvent[], secrets: string[], { keyIsShown = false } = {}): void {
  const text = JSON.stringify(events);
  const found = [...secrets, ...(keyIsShown ? [] : [credentials.ingestKey]), 'Bearer '].filter((secret) => text.includes(secret));
  expect(found, 'secrets in the stored events').toEqual([]);
}

/** Looks at the raw bytes, so it sees what is stored without compression. */
export function expectNoSecretsOnDisk(server: Server, secrets: string[]): void {
  const found: string[] = [];
  const search = (folder: string) => {
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) search(path);
      else {
        const bytes = readFileSync(path);
        for (const secret of secrets) if (bytes.includes(secret)) found.push(`${secret} in ${name}`);
      }
    }
  };
  search(server.dataFolder);
  expect(found, 'secrets in the data folder').toEqual([]);
}

export function expectNoDuplicates(events: RrwebEvent[]): void {
  const seen = new Set<string>();
  const duplicates = events.map((event) => JSON.stringify(event)).filter((text) => seen.size === seen.add(text).size);
  expect(duplicates, 'exact duplicates').toEqual([]);
}

export function expectInOrder(events: RrwebEvent[]): void {
  const times = events.map((event) => event.timestamp);
  expect(times).toEqual([...times].sort((a, b) => a - b));
}

/**
 * Exit beacons repeat on purpose; any other body comes once and is accepted.
 * `persists`: an SDK that keeps uploads in the browser's database sends the one
 * that was under way when the page was left again on the next page.
 */
export function expectAcceptedOnce(tap: Tap, { persists = false } = {}): void {
  const uploads = tap.uploads.filter((upload) => upload.method === 'POST' && !upload.query.has('api_key') && !upload.path.startsWith('/demo/'));
  expect(uploads.length).toBeGreaterThan(0);
  const refused = uploads.filter((upload) => upload.status !== undefined && Math.floor(upload.status / 100) !== 2);
  expect(refused, 'uploads that were not accepted').toEqual([]);
  // Every page asks for its configuration before it uploads anything.
  const page = (at_ms: number) => (persists ? tap.uploads.filter((upload) => upload.path.includes('/config') && upload.at_ms <= at_ms).length : 0);
  const bodies = uploads.map((upload) => `${page(upload.at_ms)} ${upload.body_sha256}`);
  expect(bodies.length, 'uploads that were sent again').toBe(new Set(bodies).size);
  for (const upload of tap.uploads) {
    if (upload.method === 'OPTIONS') expect(upload.status, `preflight of ${upload.path}`).toBeLessThan(300);
  }
}
