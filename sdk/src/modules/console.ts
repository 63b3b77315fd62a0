// Console calls of the page, in the form that rrweb's console player reads.

import type { Module } from '../options';
import { hookMethod } from '../recorder/patches';

export interface ConsoleOptions {
  levels?: ('log' | 'info' | 'warn' | 'error' | 'debug')[];
  /** Arguments are cut to this length. */
  maxArgumentChars?: number;
  /** A page that logs without end does not fill the replay. */
  maxRecords?: number;
}

export function consoleCapture(options: ConsoleOptions = {}): Module {
  const { levels = ['log', 'info', 'warn', 'error'], maxArgumentChars = 2_000, maxRecords = 1_000 } = options;
  return (context) => {
    const stops = context.stops();
    let count = 0;
    let isInside = false;
    for (const level of levels) {
      hookMethod(stops, console, level, (_console, args) => {
        // What writing a record logs is not recorded.
        if (isInside || count > maxRecords) return;
        isInside = true;
        try {
          const payload =
            count++ === maxRecords
              ? [JSON.stringify(`no more than ${maxRecords} records are kept`)]
              : args.map((argument) => describe(argument, maxArgumentChars));
          context.plugin('rrweb/console@1', { level: count > maxRecords ? 'warn' : level, trace: trace(), payload });
        } finally {
          isInside = false;
        }
      });
    }
    return () => stops.stop();
  };
}

/** JSON text of anything, with a limit. */
function describe(argument: unknown, max_chars: number): string {
  let text: string;
  try {
    if (argument instanceof Error) text = JSON.stringify(argument.stack ?? String(argument));
    else if (argument instanceof Node) text = JSON.stringify(`<${argument.nodeName.toLowerCase()}>`);
    else text = JSON.stringify(argument, replaceHard()) ?? JSON.stringify(String(argument));
  } catch {
    text = '"[not readable]"';
  }
  return text.length > max_chars ? JSON.stringify(text.slice(0, max_chars) + '…') : text;
}

/** Circles, functions and big numbers have no JSON. */
function replaceHard(): (key: string, value: unknown) => unknown {
  const seen = new WeakSet<object>();
  return (_key, value) => {
    if (typeof value === 'function') return `[function ${value.name}]`;
    if (typeof value === 'bigint' || typeof value === 'symbol') return String(value);
    if (typeof value === 'object' && value !== null) {
      if (value instanceof Node) return `<${value.nodeName.toLowerCase()}>`;
      if (seen.has(value)) return '[seen above]';
      seen.add(value);
    }
    return value;
  };
}

function trace(): string[] {
  const lines = new Error().stack?.split('\n') ?? [];
  // The message, this function, the hook and its guards are ours.
  return lines.slice(5, 10).map((line) => line.trim());
}

export default consoleCapture;
