import type { ConsoleFact, ErrorFact } from '$lib/api/types';

export type Level = 'error' | 'warn' | 'info' | 'log' | 'debug';

/** The same message several times in a row is one line with a count. */
export interface ConsoleLine {
  at_ms: number;
  level: Level;
  message: string;
  count: number;
  args: string[];
  stack: string[];
}

export function levelOf(level: string): Level {
  const known = level.toLowerCase();
  if (known === 'error' || known === 'assert') return 'error';
  if (known === 'warn' || known === 'warning') return 'warn';
  if (known === 'info') return 'info';
  return known === 'debug' || known === 'trace' ? 'debug' : 'log';
}

/** Uncaught errors stand in a browser's console too. */
export function foldRepeats(facts: (ConsoleFact | ErrorFact)[]): ConsoleLine[] {
  const lines: ConsoleLine[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    const is_error = fact.kind === 'error';
    if (is_error && fact.source === 'backend') continue;
    const level = is_error ? 'error' : levelOf(fact.level);
    const message = is_error ? `Uncaught ${fact.name}: ${fact.message}` : fact.message;
    if (last && last.level === level && last.message === message) last.count += 1;
    else lines.push({ at_ms: fact.at_ms, level, message, count: 1, args: is_error ? [] : fact.args, stack: fact.stack });
  }
  return lines;
}

/** One logged value, for a tree: recorders send them as JSON text. */
export function valueOf(argument: string): unknown {
  try {
    return JSON.parse(argument);
  } catch {
    return argument;
  }
}
