import type { NetworkFact, TimeSpan } from '$lib/api/types';

/** Slower than this is marked; the same bound as the server's markers. */
export const slow_from_ms = 3_000;

export function statusText(fact: NetworkFact): string {
  if (fact.status === null || fact.status === 0) return fact.failed ? 'No answer' : 'Pending';
  const names: Record<number, string> = {
    200: 'OK',
    201: 'Created',
    202: 'Accepted',
    204: 'No content',
    301: 'Moved',
    302: 'Found',
    304: 'Not modified',
    400: 'Bad request',
    401: 'Not signed in',
    402: 'Payment required',
    403: 'Forbidden',
    404: 'Not found',
    409: 'Conflict',
    413: 'Too large',
    422: 'Not acceptable',
    429: 'Too many requests',
    500: 'Server error',
    502: 'Bad gateway',
    503: 'Unavailable',
    504: 'Gateway timeout',
  };
  const name = names[fact.status];
  return name ? `${fact.status} ${name}` : String(fact.status);
}

export function pathOf(url: string): { path: string; host: string } {
  try {
    const { pathname, search, host } = new URL(url);
    return { path: pathname + search, host };
  } catch {
    return { path: url, host: '' };
  }
}

/** What was fetched, by who asked and what the address ends in. */
export function typeOf(fact: NetworkFact): string {
  const { initiator } = fact;
  if (initiator === 'fetch' || initiator === 'xmlhttprequest' || initiator === 'xhr') return 'fetch';
  const end = /\.(\w{1,5})(?:[?#]|$)/.exec(fact.url)?.[1]?.toLowerCase() ?? '';
  if (['js', 'mjs'].includes(end) || initiator === 'script') return 'script';
  if (end === 'css' || initiator === 'link') return 'style';
  if (['png', 'jpg', 'jpeg', 'gif', 'svg', 'webp', 'avif', 'ico'].includes(end) || initiator === 'img') return 'image';
  if (['woff', 'woff2', 'ttf', 'otf'].includes(end)) return 'font';
  return initiator === 'navigation' ? 'page' : 'other';
}

/** The bar of a request in parts of the session's length; never too short to see. */
export function waterfallBar(fact: NetworkFact, span: TimeSpan): { left: number; width: number } {
  const length_ms = Math.max(1, span.to_ms - span.from_ms);
  const left = Math.min(1, Math.max(0, (fact.start_ms - span.from_ms) / length_ms));
  const width = Math.min(1 - left, Math.max(0, (fact.duration_ms ?? 0) / length_ms));
  return { left, width };
}

const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Headers that a copy must not carry or that curl makes itself. */
const left_out = new Set(['content-length', 'host', 'connection']);

/** The request as a command for a POSIX shell. */
export function asCurl(fact: NetworkFact): string {
  const parts = [`curl ${quote(fact.url)}`];
  if (fact.method !== 'GET') parts.push(`-X ${quote(fact.method)}`);
  for (const [name, value] of Object.entries(fact.request_headers ?? {})) {
    if (!left_out.has(name.toLowerCase()) && !name.startsWith(':')) parts.push(`-H ${quote(`${name}: ${value}`)}`);
  }
  if (fact.request_body !== null && fact.request_body !== '') parts.push(`--data-raw ${quote(fact.request_body)}`);
  return parts.join(' \\\n  ');
}

/** JSON is shown indented, everything else as it is. */
export function prettyBody(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
