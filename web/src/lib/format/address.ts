/** A recorded page address, short: the path, with the host only when it says something. */
export function pageLabel(href: string | null, beside: string | null = null): string {
  if (!href) return '';
  try {
    const url = new URL(href);
    const path = url.pathname + url.search + url.hash;
    const same_host = beside !== null && new URL(beside).host === url.host;
    return same_host ? path : url.host + path;
  } catch {
    // Recorded text need not be an address.
    return href;
  }
}
