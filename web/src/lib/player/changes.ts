import type { TimeSpan } from '$lib/api/types';
import { isChange, type RecordedEvent } from '../../stage/tape';
import { lastStartedIndex } from './idle';

/**
 * The next or previous change of the page, looked up in the recording: the stage holds only what is
 * about to be played. Chunk by chunk, so that a long pause is passed, too.
 */
export async function changeFrom(
  chunks: TimeSpan[],
  at_ms: number,
  direction: 1 | -1,
  fetch: (from_ms: number, to_ms: number) => Promise<ArrayBuffer>,
): Promise<number | null> {
  let index = lastStartedIndex(chunks, direction > 0 ? at_ms : at_ms - 1, (chunk) => chunk.from_ms);
  if (index < 0 && direction > 0) index = 0;
  for (; chunks[index]; index += direction) {
    const chunk = chunks[index] as TimeSpan;
    const from_ms = direction > 0 ? Math.max(chunk.from_ms, at_ms + 1) : chunk.from_ms;
    const to_ms = direction > 0 ? chunk.to_ms : Math.min(chunk.to_ms, at_ms);
    if (from_ms >= to_ms) continue;
    const changes = events(await fetch(from_ms, to_ms)).filter(isChange);
    const found = direction > 0 ? changes[0] : changes.at(-1);
    if (found) return found.timestamp;
  }
  return null;
}

function events(bytes: ArrayBuffer): RecordedEvent[] {
  const list: unknown = JSON.parse(new TextDecoder().decode(bytes));
  return Array.isArray(list) ? (list as RecordedEvent[]) : [];
}
