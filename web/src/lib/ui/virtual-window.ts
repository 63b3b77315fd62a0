export interface VirtualWindow {
  first: number;
  /** Exclusive. */
  end: number;
}

/** The rows of a list of equal rows that are in sight, with some more on both sides. */
export function virtualWindow(
  scroll_top: number,
  height: number,
  row_height: number,
  count: number,
  more = 8,
): VirtualWindow {
  if (row_height <= 0 || count <= 0) return { first: 0, end: 0 };
  const first_seen = Math.floor(Math.max(0, scroll_top) / row_height);
  const seen = Math.ceil(Math.max(0, height) / row_height) + 1;
  const first = Math.max(0, Math.min(first_seen - more, count));
  return { first, end: Math.min(count, first_seen + seen + more) };
}

/** Where to scroll so that a row is in sight; the same place when it is already. */
export function scrollTopFor(
  index: number,
  scroll_top: number,
  height: number,
  row_height: number,
): number {
  const top = index * row_height;
  if (top < scroll_top) return top;
  if (top + row_height > scroll_top + height) return top + row_height - height;
  return scroll_top;
}
