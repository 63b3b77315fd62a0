import type { Chunk } from '$lib/api/types';
import { bytesBetween } from './chunks';

/** The state of `from_ms` and the events up to `to_ms` (exclusive), of one tab or of the only one. */
export interface StateRange {
  from_ms: number;
  to_ms: number;
  tab: number | null;
}

/** A recording of this size is asked for once and as a whole; from then on no seek needs the server. */
const whole_bytes = 1_000_000;

/**
 * What to ask for in order to show `at_ms`; `end_ms` is the end of the recording. Of a long one only
 * the state: the picture waits for the whole answer, and what follows is loaded while it is drawn.
 */
export function stateRange(
  chunks: Chunk[],
  first_ms: number,
  end_ms: number,
  at_ms: number,
  tab: number | null,
): StateRange {
  const whole = tab === null && bytesBetween(chunks, first_ms, end_ms) <= whole_bytes;
  return whole ? { from_ms: first_ms, to_ms: end_ms, tab } : { from_ms: at_ms, to_ms: at_ms, tab };
}
