const size = 5;

/** A small mirrored pattern made from a name: the same visitor looks the same in every row. */
export function visitorMark(name: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  }
  let path = '';
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < 3; column += 1) {
      // A step of xorshift per cell spreads the few bits of similar names.
      hash ^= hash << 13;
      hash ^= hash >>> 17;
      hash ^= hash << 5;
      if ((hash & 3) === 0) continue;
      if ((hash & 4) === 0) continue;
      path += cell(column, row);
      if (column < 2) path += cell(size - 1 - column, row);
    }
  }
  // A pattern of nothing would look like a missing picture.
  return path || cell(2, 2);
}

const cell = (column: number, row: number) => `M${column} ${row}h1v1h-1z`;
