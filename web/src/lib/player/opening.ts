import type { Manifest } from '$lib/api/types';
import { stateRange, type StateRange } from './state-range';

type Known = Pick<Manifest, 'first_event_ms' | 'last_event_ms' | 'chunks' | 'tabs' | 'video'> & {
  replay: Pick<Manifest['replay'], 'playable'>;
};

/**
 * What a player asks for first when a page is opened at an offset. Null when that is no state of a
 * page (a film, or nothing to play), or takes more than this to know: which of several tabs.
 */
export function openingRange(manifest: Known, start_offset_ms: number | null): StateRange | null {
  const { first_event_ms: first_ms, last_event_ms: last_ms, chunks, tabs = [], video = [], replay } = manifest;
  if (!replay.playable || video.length > 0 || tabs.length > 1) return null;
  const at_ms = Math.round(Math.min(last_ms, first_ms + (start_offset_ms ?? 0)));
  return stateRange(chunks, first_ms, last_ms + 1, at_ms, null);
}
