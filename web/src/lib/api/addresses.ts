export type Parameters = Record<string, string | number | null | undefined>;

export function replayPath(id: string, part = ''): string {
  return `/api/v1/replays/${encodeURIComponent(id)}${part && `/${part}`}`;
}

export function withQuery(path: string, parameters: Parameters): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined && value !== '') query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

export const me_path = '/api/v1/me';

export const manifestPath = (id: string) => replayPath(id, 'manifest');

/** `tab` is null for the only tab of a recording. */
export function statePath(id: string, at: number, to: number | undefined, tab: number | null): string {
  return withQuery(replayPath(id, 'playback'), { at, to, tab });
}
