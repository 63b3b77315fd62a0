// Films of a mobile screen: segments of some seconds, recorded one after the other.
import type { VideoPart } from '$lib/api/types';
import { lastStartedIndex } from './idle';

/** Between two segments the recorder needs a moment; the last picture stays for as long as this. */
export const joined_ms = 1_500;

export interface VideoMoment {
  part: VideoPart;
  /** Seconds into the part's film, never behind its last picture. */
  second: number;
  /** How long nothing has been recorded at this moment; 0 while something is. */
  missing_ms: number;
}

/** What is on the screen at a moment; null before the first film. */
export function videoAt(parts: readonly VideoPart[], at_ms: number): VideoMoment | null {
  const index = lastStartedIndex(parts as VideoPart[], at_ms, (part) => part.at_ms);
  const part = parts[index];
  if (!part) return null;
  const into_ms = at_ms - part.at_ms;
  const end_ms = Math.max(0, part.duration_ms);
  const past_ms = into_ms - end_ms;
  return {
    part,
    second: Math.max(0, Math.min(into_ms, end_ms - 1)) / 1000,
    missing_ms: past_ms > joined_ms ? past_ms : 0,
  };
}

/** The part whose film is needed next. */
export function nextPart(parts: readonly VideoPart[], part: VideoPart): VideoPart | null {
  return parts[parts.indexOf(part) + 1] ?? null;
}

export interface Gesture {
  at_ms: number;
  x: number;
  y: number;
  kind: 'start' | 'move' | 'end';
}

const source = { mouse_interaction: 2, touch_move: 6 };
const touch = { start: 7, end: 9, cancel: 10 };

/** The finger's way through recorded events. Everything in them is a stranger's: only numbers are taken. */
export function gesturesOf(events: unknown): Gesture[] {
  const found: Gesture[] = [];
  const add = (at_ms: unknown, x: unknown, y: unknown, kind: Gesture['kind']) => {
    if (typeof at_ms === 'number' && typeof x === 'number' && typeof y === 'number') found.push({ at_ms, x, y, kind });
  };
  for (const event of Array.isArray(events) ? events : []) {
    if (event?.type !== 3 || typeof event.data !== 'object' || event.data === null) continue;
    const { data, timestamp } = event;
    if (data.source === source.mouse_interaction && data.type === touch.start) add(timestamp, data.x, data.y, 'start');
    else if (data.source === source.mouse_interaction && (data.type === touch.end || data.type === touch.cancel)) add(timestamp, data.x, data.y, 'end');
    else if (data.source === source.touch_move && Array.isArray(data.positions)) {
      for (const position of data.positions) add(timestamp + (Number(position?.timeOffset) || 0), position?.x, position?.y, 'move');
    }
  }
  return found.sort((a, b) => a.at_ms - b.at_ms);
}
