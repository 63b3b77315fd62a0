// How often and when something happened: what stands behind the parentheses of `event(Bought)`.
// As everywhere in the form, what it means only the server says.

export const occurs_kinds = ['count', 'sum', 'distinct', 'days', 'weeks', 'months', 'nth', 'first', 'last', 'at'] as const;
export type OccursKind = (typeof occurs_kinds)[number];

export interface Occurs {
  kind: OccursKind;
  /** What stands in its own parentheses: a property, or how often on each day. */
  inside: string;
  sign: string;
  value: string;
}

export const occurs_words: Record<OccursKind, string> = {
  count: 'times, or more often than …',
  sum: 'sum of a property',
  distinct: 'different values of a property',
  days: 'days on which it happened',
  weeks: 'weeks in which it happened',
  months: 'months in which it happened',
  nth: 'only the n-th time',
  first: 'first of them after the start',
  last: 'last of them after the start',
  at: 'only at this time',
};

/** What an added one begins with. */
export const new_occurs: Record<OccursKind, Occurs> = {
  count: { kind: 'count', inside: '', sign: '>=', value: '2' },
  sum: { kind: 'sum', inside: '', sign: '>=', value: '' },
  distinct: { kind: 'distinct', inside: '', sign: '>=', value: '2' },
  days: { kind: 'days', inside: '', sign: '>=', value: '3' },
  weeks: { kind: 'weeks', inside: '', sign: '>=', value: '2' },
  months: { kind: 'months', inside: '', sign: '>=', value: '2' },
  nth: { kind: 'nth', inside: '', sign: '=', value: '1' },
  first: { kind: 'first', inside: '', sign: '<', value: '30s' },
  last: { kind: 'last', inside: '', sign: '>', value: '5m' },
  at: { kind: 'at', inside: '', sign: 'last', value: '7 days' },
};

/** What may stand in its own parentheses; empty for those that have none. */
export const inside_words: Record<OccursKind, { label: string; example: string }> = {
  ...of(['count', 'nth', 'first', 'last', 'at'], { label: '', example: '' }),
  ...of(['sum', 'distinct'], { label: 'Property', example: 'property' }),
  ...of(['days', 'weeks', 'months'], { label: 'How often in each', example: 'count >= 1' }),
};

function of<Kind extends OccursKind, T>(kinds: readonly Kind[], value: T): Record<Kind, T> {
  return Object.fromEntries(kinds.map((kind) => [kind, value])) as Record<Kind, T>;
}

export const signsOf = (kind: OccursKind): string[] =>
  kind === 'at' ? ['last', 'from', '>=', '<=', '=', '<', '>'] : ['>=', '<=', '=', '<', '>', 'from'];

const token = /"(?:[^"\\]|\\.)*"?|[()]|[^\s()"]+|\s+/gu;
const part_text = /^(\w+)\s*(?:\(\s*((?:[^()"]|"(?:[^"\\]|\\.)*")*?)\s*\))?\s*(last\b|from\b|[<>=]=?)\s*([^]*)$/u;

/** What happened, and what is asked of it. Null for other conditions. */
export function readOccurs(text: string): { head: string; parts: Occurs[] } | null {
  const tokens = text.match(token) ?? [];
  if (!/^[a-z]+$/.test(tokens[0] ?? '') || tokens[1] !== '(') return null;
  const texts = [''];
  let depth = 0;
  let is_behind = false;
  for (const [at, part] of tokens.entries()) {
    const begins = is_behind && depth === 0 && (occurs_kinds as readonly string[]).includes(part);
    // `at last 7 days` is one.
    const before = texts.at(-1)?.trim() ?? '';
    const is_of_at = part === 'last' ? before === 'at' : /^at last \d+$/.test(before);
    if (begins && !is_of_at) texts.push('');
    texts[texts.length - 1] += part;
    if (part === '(') depth += 1;
    if (part === ')' && --depth === 0 && at > 0) is_behind = true;
  }
  const [head = '', ...rest] = texts.map((it) => it.trim());
  const parts: Occurs[] = [];
  for (const part of rest) {
    const [, kind = '', inside = '', sign = '', value = ''] = part_text.exec(part) ?? [];
    if (!kind) return null;
    parts.push({ kind: kind as OccursKind, inside, sign, value: value.trim() });
  }
  return depth === 0 && head.endsWith(')') ? { head, parts } : null;
}

export function writeOccurs(head: string, parts: readonly Occurs[]): string {
  const written = parts.map(({ kind, inside, sign, value }) => {
    const needs_one = kind === 'sum' || kind === 'distinct';
    return `${kind}${inside || needs_one ? `(${inside})` : ''} ${sign} ${value}`.trim();
  });
  return [head, ...written].join(' ');
}
