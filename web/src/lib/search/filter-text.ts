// The text form of filters, as far as the page must know it: how conditions are put together, and
// what is being typed. What a filter means, and whether it is one, only the server says.

export interface Leaf {
  kind: 'leaf';
  not: boolean;
  text: string;
}

export interface Group {
  kind: 'all' | 'any';
  not: boolean;
  children: Node[];
}

export type Node = Leaf | Group;

/** Words, quoted texts, parentheses, the rest as runs. */
const token = /"(?:[^"\\]|\\.)*"?|[()]|[^\s()"]+|\s+/gu;

/**
 * The tree of a filter as the server writes it. Null where the parentheses do not fit: such a
 * text can only be edited as text.
 */
export function readTree(text: string): Group | null {
  const tokens = text.match(token) ?? [];
  let at = 0;
  const skip = () => {
    while (tokens[at]?.trim() === '') at += 1;
  };
  const word = () => tokens[at]?.toLowerCase();

  function either(): Node | null {
    return list('any', 'or', () => list('all', 'and', operand));
  }

  function list(kind: 'all' | 'any', joint: string, next: () => Node | null): Node | null {
    const children: Node[] = [];
    for (;;) {
      const child = next();
      if (!child) return null;
      children.push(child);
      skip();
      if (word() !== joint) break;
      at += 1;
    }
    return children.length === 1 ? (children[0] ?? null) : { kind, not: false, children };
  }

  function operand(): Node | null {
    skip();
    if (word() === 'not') {
      at += 1;
      const inner = operand();
      return inner && { ...inner, not: !inner.not };
    }
    if (tokens[at] === '(') {
      at += 1;
      const inner = either();
      skip();
      if (!inner || tokens[at] !== ')') return null;
      at += 1;
      return inner;
    }
    return leaf();
  }

  function leaf(): Leaf | null {
    let text = '';
    let depth = 0;
    for (; at < tokens.length; at += 1) {
      const part = tokens[at] ?? '';
      if (depth === 0 && (part === ')' || ['and', 'or'].includes(part.toLowerCase()))) break;
      if (part === '(') depth += 1;
      if (part === ')') depth -= 1;
      text += part;
    }
    text = text.trim();
    return text && depth === 0 ? { kind: 'leaf', not: false, text } : null;
  }

  if (text.trim() === '') return { kind: 'all', not: false, children: [] };
  const tree = either();
  skip();
  if (!tree || at < tokens.length) return null;
  return tree.kind === 'leaf' || tree.not ? { kind: 'all', not: false, children: [tree] } : tree;
}

/** What is empty is left out. */
export function writeTree(node: Node): string {
  if (node.kind === 'leaf') {
    const text = node.text.trim();
    return text && node.not ? `not ${text}` : text;
  }
  const parts = node.children
    .map((child) => ({ child, text: writeTree(child) }))
    .filter(({ text }) => text !== '')
    .map(({ child, text }) => (child.kind !== 'leaf' && !child.not && written(child) > 1 ? `(${text})` : text));
  const text = parts.join(node.kind === 'all' ? ' and ' : ' or ');
  return text && node.not ? `not (${text})` : text;
}

const written = (group: Group) => group.children.filter((child) => writeTree(child) !== '').length;

/** The conditions that must all hold, each as text: what the bar shows as chips. */
export function conditionsOf(filter: string): string[] {
  const tree = readTree(filter);
  if (!tree) return [filter];
  if (tree.kind === 'any') return [filter];
  return tree.children.map(writeTree);
}

/** The filter that asks for all of these. */
export function allOf(conditions: string[]): string {
  const children = conditions.map((text): Node => {
    const tree = readTree(text);
    if (!tree) return { kind: 'leaf', not: false, text };
    const only = tree.children[0];
    return tree.kind === 'all' && tree.children.length === 1 && only ? only : tree;
  });
  return writeTree({ kind: 'all', not: false, children });
}

export const operators = [
  'not contains',
  'not like',
  'not in',
  'contains',
  'like',
  'in',
  'exists',
  'missing',
  'last',
  'from',
  '>=',
  '<=',
  '!=',
  '=',
  '>',
  '<',
] as const;
export type Operator = (typeof operators)[number];

const no_value: readonly string[] = ['exists', 'missing'];

export interface Typed {
  name: string;
  operator: Operator | null;
  /** What stands behind the operator, or what is typed where one is expected. */
  rest: string;
  /** The operator is there, and the space behind it. */
  awaits: 'name' | 'operator' | 'value' | 'nothing';
}

const name_start = /^\s*(?:[a-z]+\(\s*"(?:[^"\\]|\\.)*"\s*\)|[\p{L}_][\p{L}\p{N}_.-]*(?:"(?:[^"\\]|\\.)*")?)/u;

/** What of a condition is there, and what comes next. */
export function readTyped(text: string): Typed {
  const name = name_start.exec(text)?.[0] ?? '';
  const behind = text.slice(name.length);
  const rest = behind.trimStart();
  const lower = rest.toLowerCase();
  const operator =
    operators.find((known) => {
      const is_word = /[a-z]$/.test(known);
      return lower.startsWith(known) && (!is_word || !/^[\p{L}\p{N}_.-]/u.test(lower.slice(known.length)));
    }) ?? null;
  if (!name || (behind === '' && !name.endsWith(')'))) return { name: text.trim(), operator: null, rest: '', awaits: 'name' };
  if (!operator) return { name: name.trim(), operator: null, rest, awaits: 'operator' };
  const value = rest.slice(operator.length).trim();
  return { name: name.trim(), operator, rest: value, awaits: no_value.includes(operator) ? 'nothing' : 'value' };
}

export function writeTyped(name: string, operator: Operator, value: string): string {
  return no_value.includes(operator) ? `${name} ${operator}` : `${name} ${operator} ${value}`.trimEnd();
}

/** A value as it is written in a filter. */
export function quoted(value: string): string {
  return /^[\p{L}\p{N}_][\p{L}\p{N}_.-]*$/u.test(value) && !/^(and|or|not)$/i.test(value)
    ? value
    : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

export type FieldType = 'text' | 'number' | 'duration' | 'size' | 'time' | 'flag' | 'any';

const words: Partial<Record<Operator, string>> = {
  '=': 'is',
  '!=': 'is not, or has none',
  '>': 'more than',
  '>=': 'at least',
  '<': 'less than',
  '<=': 'at most',
  contains: 'has this in it',
  'not contains': 'does not have this in it',
  like: 'matches, * is anything',
  'not like': 'does not match',
  in: 'is one of (a, b)',
  'not in': 'is none of (a, b), or has none',
  exists: 'has a value',
  missing: 'has none',
  last: 'since 2h, 3d, 6 weeks …',
  from: 'from … to …',
};

export const meaningOf = (operator: Operator): string => words[operator] ?? '';

/** What a field of this type can be asked, the usual first. */
export function operatorsOf(type: FieldType): Operator[] {
  switch (type) {
    case 'flag':
      return ['=', 'exists', 'missing'];
    case 'number':
    case 'duration':
    case 'size':
      return ['>', '>=', '<', '<=', '=', '!=', 'from', 'exists', 'missing'];
    case 'time':
      return ['last', '>', '<', 'from', 'exists', 'missing'];
    case 'text':
      return ['=', '!=', 'contains', 'not contains', 'like', 'not like', 'in', 'not in', 'exists', 'missing'];
    case 'any':
      return ['=', '!=', 'contains', '>', '>=', '<', '<=', 'not contains', 'like', 'in', 'not in', 'exists', 'missing'];
  }
}

/** The texts on the screen that a filter asks for; those that it excludes are none. */
export function phrasesOf(filter: string): string[] {
  const found: string[] = [];
  const walk = (node: Node): void => {
    if (node.not) return;
    if (node.kind !== 'leaf') return node.children.forEach(walk);
    const { name, operator, rest } = readTyped(node.text);
    if (name === 'text' && operator === '=') found.push(plainValue(rest));
  };
  if (filter.includes('text')) walk(readTree(filter) ?? { kind: 'all', not: false, children: [] });
  return found;
}

/** A value without the quotes it is written in. */
export function plainValue(written: string): string {
  return /^"(?:[^"\\]|\\.)*"$/.test(written) ? written.slice(1, -1).replace(/\\(.)/g, '$1') : written;
}
