// Stacks in words.
import type { Exception, Frame, LinkedError } from './types';

export function frameName(frame: Frame): string {
  return frame.function || '(anonymous)';
}

/** `src/cart.ts:12:4`, or what is known of it. */
export function framePlace(frame: Frame): string {
  const file = frame.file ?? frame.module ?? frame.absolute_path ?? 'unknown file';
  const numbers = [frame.line, frame.column].filter((number) => number !== null);
  return [file, ...numbers].join(':');
}

/** Where it was thrown first, as people read stacks. */
export function innermostFirst(exception: Exception): Frame[] {
  return exception.frames.toReversed();
}

export function exceptionTitle({ kind, value }: Exception): string {
  return [kind, value].filter(Boolean).join(': ') || 'Error';
}

/** All of it as text, to be pasted somewhere. */
export function stackText(error: LinkedError): string {
  const blocks = error.exceptions.map((exception) => [exceptionTitle(exception), ...innermostFirst(exception).map((frame) => `    at ${frameName(frame)} (${framePlace(frame)})`)].join('\n'));
  return blocks.length > 0 ? blocks.join('\nCaused by: ') : error.title;
}

/** Calls of libraries between the page's own are folded: runs of frames, marked by whose they are. */
export interface FrameRun {
  in_app: boolean;
  frames: Frame[];
}

export function frameRuns(exception: Exception): FrameRun[] {
  const frames = innermostFirst(exception);
  // Nothing to fold away when all of it is of one kind.
  const told = frames.some((frame) => frame.is_in_app === true) && frames.some((frame) => frame.is_in_app !== true);
  const runs: FrameRun[] = [];
  for (const frame of frames) {
    const in_app = !told || frame.is_in_app === true;
    const last = runs.at(-1);
    if (last?.in_app === in_app) last.frames.push(frame);
    else runs.push({ in_app, frames: [frame] });
  }
  return runs;
}
