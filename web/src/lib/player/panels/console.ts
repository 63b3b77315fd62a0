import type { ConsoleFact } from '$lib/api/types';

export type Level = 'error' | 'warn' | 'info' | 'log' | 'debug';

/** The same message several times in a row is one line with a count. */
export interface ConsoleLine {
  at_ms: number;
  level: Level;
  message: string;
  count: number;
  fact: ConsoleFact;
}

export function levelOf(level: string): Level {
  const known = level.toLowerCase();
  if (known === 'error' || known === 'assert') return 'error';
  if (known === 'warn' || known === 'warning') return 'warn';
  if (known === 'info') return 'info';
  return known === 'debug' || known === 'trace' ? 'debug' : 'log';
}

export function foldRepeats(facts: ConsoleFact[]): ConsoleLine[] {
  const lines: ConsoleLine[] = [];
  for (const fact of facts) {
    const last = lines.at(-1);
    const level = levelOf(fact.level);
    if (last && last.level === level && last.message === fact.message) last.count += 1;
    else lines.push({ at_ms: fact.at_ms, level, message: fact.message, count: 1, fact });
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
