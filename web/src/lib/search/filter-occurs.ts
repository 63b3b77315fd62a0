// How often and when something happened: what stands behind the parentheses of `event(Bought)`.
// As everywhere in the form, what it means only the server says.

export const occurs_kinds = ['count', 'sum', 'distinct', 'nth', 'first', 'last', 'at'] as const;
export type OccursKind = (typeof occurs_kinds)[number];

export interface Occurs {
  kind: OccursKind;
  /** Of a sum and of different values. */
  property: string;
  sign: string;
  value: string;
}

export const occurs_words: Record<OccursKind, string> = {
  count: 'times, or more often than …',
  sum: 'sum of a property',
  distinct: 'different values of a property',
  nth: 'only the n-th time',
  first: 'first of them after the start',
  last: 'last of them after the start',
  at: 'only at this time',
};

/** What an added one begins with. */
export const new_occurs: Record<OccursKind, Occurs> = {
  count: { kind: 'count', property: '', sign: '>=', value: '2' },
  sum: { kind: 'sum', property: '', sign: '>=', value: '' },
  distinct: { kind: 'distinct', property: '', sign: '>=', value: '2' },
  nth: { kind: 'nth', property: '', sign: '=', value: '1' },
  first: { kind: 'first', property: '', sign: '<', value: '30s' },
  last: { kind: 'last', property: '', sign: '>', value: '5m' },
  at: { kind: 'at', property: '', sign: 'last', value: '7 days' },
};

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
    const is_sign = part === 'last' && texts.at(-1)?.trim() === 'at';
    if (begins && !is_sign) texts.push('');
    texts[texts.length - 1] += part;
    if (part === '(') depth += 1;
    if (part === ')' && --depth === 0 && at > 0) is_behind = true;
  }
  const [head = '', ...rest] = texts.map((it) => it.trim());
  const parts: Occurs[] = [];
  for (const part of rest) {
    const [, kind = '', property = '', sign = '', value = ''] = part_text.exec(part) ?? [];
    if (!kind) return null;
    parts.push({ kind: kind as OccursKind, property, sign, value: value.trim() });
  }
  return depth === 0 && head.endsWith(')') ? { head, parts } : null;
}

export function writeOccurs(head: string, parts: readonly Occurs[]): string {
  const written = parts.map(({ kind, property, sign, value }) => {
    const of = kind === 'sum' || kind === 'distinct' ? `(${property})` : '';
    return `${kind}${of} ${sign} ${value}`.trim();
  });
  return [head, ...written].join(' ');
}
