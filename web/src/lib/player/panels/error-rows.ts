// The rows of the errors panel: what the recording shows, and what SDKs sent.
import type { ErrorFact } from '$lib/api/types';
import type { LinkedError } from '$lib/issues/types';

export type ErrorRow = { at_ms: number; title: string; text: string } & ({ fact: ErrorFact } | { linked: LinkedError });

/** In time order. An error that the recording names by its id is not shown twice. */
export function errorRows(facts: ErrorFact[], linked: LinkedError[]): ErrorRow[] {
  const sent = new Set(linked.map((error) => error.event_id));
  const rows: ErrorRow[] = linked.map((error) => ({
    at_ms: error.at_ms,
    title: error.kind ?? 'Error',
    text: error.message ?? (error.kind ? '' : error.title),
    linked: error,
  }));
  for (const fact of facts) {
    if (fact.event_id && sent.has(fact.event_id)) continue;
    rows.push({ at_ms: fact.at_ms, title: fact.name, text: fact.message, fact });
  }
  return rows.sort((a, b) => a.at_ms - b.at_ms);
}

/** How often the same error is in this replay. */
export const sameErrors = (rows: ErrorRow[], row: ErrorRow) => rows.filter((other) => other.title === row.title && other.text === row.text).length;
