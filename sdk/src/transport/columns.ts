// Events as columns: what makes a recording short on the wire.
//
// Values of the same key go to one list each, numbers as the difference to the one before,
// texts that differ in their numbers only as these differences. The lists pack to a
// fraction of what the events pack to. The format: `docs/sdk.md`.
//
// One function that uses nothing from outside itself: its text becomes a part of the
// worker's program.

export function columnsOf(events: unknown[]): string {
  interface Column {
    tokens: string[];
    last: number;
  }
  const HEAD = '[columns 1]';
  const NODE = 0;
  const CHILD_NODES = 1;
  const MOST_TEMPLATE_CHARS = 500;
  /** Deeper batches go as they are. */
  const MOST_DEPTH = 500;
  const NUMBER = /(0(?!\d)|[1-9]\d{0,14}(?!\d))/;

  const columns = new Map<string, Column>();
  const keys = new Map([
    ['node', NODE],
    ['childNodes', CHILD_NODES],
  ]);
  const shapes = new Map<string, number>();
  const templates = new Map<string, { id: number; last: string[] }>();
  /** Added nodes, each the parent of the next; before them the parent of the first. */
  let path: number[] = [];
  let depth = 0;

  /** Texts that differ in numbers only: the first as it is, then what is different. */
  const text = (json: string): string => {
    const parts = json.length < MOST_TEMPLATE_CHARS ? json.split(NUMBER) : [];
    if (parts.length < 2) return json;
    const between = parts.filter((_, index) => index % 2 === 0).join('\n');
    const known = templates.get(between);
    if (!known) {
      templates.set(between, { id: templates.size, last: parts });
      return '$' + json;
    }
    let token = '%' + known.id;
    for (let at = 1; at < parts.length; at += 2) token += ' ' + (Number(parts[at]) - Number(known.last[at]));
    known.last = parts;
    return token;
  };

  /** How far up the path an added node hangs: 0 below its end. -1: somewhere else. */
  const placeOf = (parentId: unknown, nextId: unknown): number => {
    const end = path.length - 1;
    if (end >= 0 && nextId === null && path[end] === parentId) return 0;
    for (let up = 1; up <= end; up++) if (path[end - up + 1] === nextId && path[end - up] === parentId) return up;
    return -1;
  };

  const write = (value: any, name: string, owner: number | ''): void => {
    let column = columns.get(name);
    if (!column) columns.set(name, (column = { tokens: [], last: 0 }));
    const { tokens } = column;
    if (typeof value === 'string') tokens.push(text(JSON.stringify(value)));
    else if (typeof value === 'number') {
      const more = value - column.last;
      if (Number.isSafeInteger(value) && Number.isSafeInteger(more)) {
        column.last = value;
        tokens.push(String(more));
      } else tokens.push('=' + value);
    } else if (!value || value === true) tokens.push(String(value)[0]!);
    else {
      if (++depth > MOST_DEPTH) throw new RangeError('too deep');
      if (Array.isArray(value)) {
        tokens.push('[' + value.length);
        const isOfNodes = owner === CHILD_NODES;
        for (const item of value) write(item, isOfNodes ? '0' : name + '*', isOfNodes ? NODE : owner);
      } else writeObject(value, tokens, owner);
      depth--;
    }
  };

  const writeObject = (object: any, tokens: string[], owner: number | ''): void => {
    const names = Object.keys(object);
    const shape = JSON.stringify(names);
    const id = object.node?.id;
    const isAdd =
      shape === '["parentId","nextId","node"]' && [id, object.parentId, object.nextId ?? 0].every(Number.isSafeInteger);
    const up = isAdd ? placeOf(object.parentId, object.nextId) : -1;
    if (up >= 0) {
      tokens.push('^' + up);
      path.length -= up;
      write(object.node, '0', NODE);
      path.push(id);
      return;
    }
    tokens.push((isAdd ? '&' : '{') + (shapes.get(shape) ?? shape));
    if (!shapes.has(shape)) shapes.set(shape, shapes.size);
    for (const name of names) {
      const key = keys.get(name) ?? keys.size;
      keys.set(name, key);
      write(object[name], key === NODE ? '0' : owner + '.' + key, key);
    }
    if (isAdd) path = [object.parentId, id];
  };

  for (const event of events) write(event, '', '');
  return [HEAD, ...Array.from(columns.values(), ({ tokens }) => tokens.join('\n'))].join('\n\n');
}
