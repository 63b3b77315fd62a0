// A cursor only leads to older replays. Which page came before a cursor is remembered for the tab,
// so that "Newer" works after a reload; a shared link has no trail and offers the newest page.

const key = 'reenact.page-trail';
const longest_trail = 200;

type Trail = [cursor: string, newer: string | null][];

function read(): Trail {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? '[]') as Trail;
  } catch {
    return [];
  }
}

export function rememberOlder(cursor: string, newer: string | null): void {
  const trail = read().filter(([known]) => known !== cursor);
  trail.push([cursor, newer]);
  try {
    sessionStorage.setItem(key, JSON.stringify(trail.slice(-longest_trail)));
  } catch {
    // Without storage the page offers "Newest" instead of "Newer".
  }
}

/** The cursor of the newer page, null for the first page, undefined when unknown. */
export function newerCursor(cursor: string): string | null | undefined {
  return read().find(([known]) => known === cursor)?.[1];
}
