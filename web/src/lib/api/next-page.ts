/** Where to go after sign-in. Only paths of our own origin pass; anything else ends at home. */
export function safeNext(next: string | null, origin: string): string {
  const home = '/';
  if (!next || !next.startsWith('/') || next.startsWith('//')) return home;
  // The URL parser drops tabs and turns backslashes around, so its verdict counts, not the text's.
  let url: URL;
  try {
    url = new URL(next, origin);
  } catch {
    return home;
  }
  if (url.origin !== origin) return home;
  if (url.pathname === '/login' || url.pathname === '/setup') return home;
  return url.pathname + url.search + url.hash;
}
