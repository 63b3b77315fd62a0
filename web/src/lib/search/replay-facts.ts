import type { Replay } from '$lib/api/types';
import { pageLabel } from '$lib/format/address';

export const visitorName = (replay: Replay) => replay.user_id ?? replay.device_id ?? 'Unknown visitor';

/** `shop.example/ → /cart` */
export function pageTrail(replay: Replay): string {
  const first = pageLabel(replay.first_url);
  if (!replay.last_url || replay.last_url === replay.first_url) return first;
  return `${first} → ${pageLabel(replay.last_url, replay.first_url)}`;
}

export interface Tag {
  word: string;
  why: string;
}

/** What must be known about a replay before opening it, besides `live`. */
export function stateTag(replay: Replay): Tag | null {
  if (replay.state === 'expired') return { word: 'expired', why: 'Its time of keeping is over; only the facts are left' };
  if (replay.state === 'deleted') return { word: 'deleted', why: 'Someone deleted the recording; only the facts are left' };
  if (replay.state === 'processing') return { word: 'processing', why: 'It has just ended and will be complete in a moment' };
  if (!replay.playable) return { word: 'not playable', why: 'No full picture of the page has arrived' };
  const missing = replay.integrity?.filter((code) => !nothing_missing.has(code)) ?? [];
  if (missing.length > 0) return { word: 'partial', why: `Not whole: ${missing.map(integrityText).join(', ')}` };
  return null;
}

/** Noted by the server, but nothing that one would miss in the picture. */
export const nothing_missing: ReadonlySet<string> = new Set(['page_hidden', 'checkout_differs', 'out_of_order', 'clock_jump', 'texts_left_out']);

const integrity_texts: Record<string, string> = {
  no_full_snapshot: 'a stretch has no full picture of the page',
  lost_data: 'some uploads never arrived',
  damaged_block: 'a part of the stored file is damaged',
  not_recorded: 'a stretch was not recorded',
  page_hidden: 'the page was in the background',
  clock_jump: 'the clock of the device jumped',
  unsupported_content: 'it has content that cannot be shown',
};

export const integrityText = (code: string) => integrity_texts[code] ?? code.replaceAll('_', ' ');
