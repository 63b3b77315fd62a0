// The other side of `columnsOf`, written after the format's description: what a server
// makes of an upload in columns.

const NUMBER = /(0(?!\d)|[1-9]\d{0,14}(?!\d))/;

/** The events of a body, as the text of a JSON array. */
export function expand(body) {
  const [head, ...lists] = body.split('\n\n');
  if (head !== '[columns 1]') throw new Error('no columns');
  const waiting = lists.map((list) => ({ tokens: list.split('\n'), at: 0, last: 0 }));
  const columns = new Map();
  const keys = new Map([['"node"', 0], ['"childNodes"', 1]]);
  const shapes = [];
  const templates = [];
  let path = [];
  let used = 0;

  const columnOf = (name) => {
    if (!columns.has(name)) columns.set(name, waiting[used++]);
    return columns.get(name);
  };

  const template = (token) => {
    const [id, ...deltas] = token.slice(1).split(' ');
    const { parts } = templates[id];
    deltas.forEach((delta, index) => (parts[2 * index + 1] = String(Number(parts[2 * index + 1]) + Number(delta))));
    return parts.join('');
  };

  /** Text of a value, its number, and the id of a node. */
  const read = (name, owner) => {
    const column = columnOf(name);
    const token = column.tokens[column.at++];
    if (token === undefined) throw new Error('a column ended early');
    const rest = token.slice(1);
    switch (token[0]) {
      case 'n':
        return { text: 'null' };
      case 't':
        return { text: 'true' };
      case 'f':
        return { text: 'false' };
      case '"':
        return { text: token };
      case '$':
        templates.push({ parts: rest.split(NUMBER) });
        return { text: rest };
      case '%':
        return { text: template(token) };
      case '=':
        return { text: rest };
      case '[': {
        const isOfNodes = owner === 1;
        const items = [];
        for (let index = 0; index < Number(rest); index++) {
          items.push(read(isOfNodes ? '0' : name + '*', isOfNodes ? 0 : owner).text);
        }
        return { text: `[${items}]` };
      }
      case '^': {
        const up = Number(rest);
        const nextId = up ? path[path.length - up] : null;
        path.length -= up;
        const parentId = path[path.length - 1];
        const node = read('0', 0);
        path.push(node.id);
        return { text: `{"parentId":${parentId},"nextId":${nextId},"node":${node.text}}` };
      }
      case '{':
      case '&': {
        if (rest[0] === '[') shapes.push(JSON.parse(rest).map((key) => JSON.stringify(key)));
        const shape = rest[0] === '[' ? shapes[shapes.length - 1] : shapes[rest];
        const values = shape.map((key) => {
          if (!keys.has(key)) keys.set(key, keys.size);
          const id = keys.get(key);
          return read(id ? `${owner}.${id}` : '0', id);
        });
        const id = values[shape.indexOf('"id"')]?.number;
        if (token[0] === '&') path = [values[0].number, values[2].id];
        return { text: `{${shape.map((key, index) => `${key}:${values[index].text}`)}}`, id };
      }
      default:
        column.last += Number(token);
        return { text: String(column.last), number: column.last };
    }
  };

  const events = [];
  const first = columnOf('');
  while (first.at < first.tokens.length) events.push(read('', '').text);
  if (used < waiting.length || waiting.some(({ tokens, at }) => at < tokens.length)) throw new Error('something is left');
  return `[${events}]`;
}
