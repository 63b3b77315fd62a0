// What the command palette offers, and how what is typed picks from it.

export interface Entry {
  id: string;
  kind: 'Go to' | 'Project' | 'Replay' | 'Action';
  name: string;
  /** Further words that are shown and searched: a page address, a time. */
  detail?: string;
  keys?: string[];
  href?: string;
  run?: () => void;
}

const most_results = 30;

/**
 * How well a text fits what was typed: higher is better, 0 is not at all. Every typed word must be
 * found; a word's start counts more than its middle, and letters in order count a little.
 */
export function matchScore(text: string, typed: string): number {
  const hay = text.toLowerCase();
  let score = 0;
  for (const word of typed.toLowerCase().split(/\s+/).filter(Boolean)) {
    const at = hay.indexOf(word);
    if (at === 0) score += 4;
    else if (at > 0) score += /[^\p{L}\p{N}]/u.test(hay[at - 1] ?? '') ? 3 : 2;
    else if (word.length > 1 && hasInOrder(hay, word)) score += 1;
    else return 0;
  }
  return score;
}

function hasInOrder(hay: string, letters: string): boolean {
  let at = 0;
  for (const letter of letters) {
    at = hay.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}

/** The entries that fit, best first; in their own order where they fit equally well. */
export function pick(entries: readonly Entry[], typed: string): Entry[] {
  if (!typed.trim()) return entries.slice(0, most_results);
  return entries
    .map((entry) => ({
      entry,
      // A name that fits beats a detail that fits.
      score: matchScore(entry.name, typed) * 2 || matchScore(`${entry.name} ${entry.detail ?? ''}`, typed),
    }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, most_results)
    .map(({ entry }) => entry);
}

/** The page of a replay when an id or a whole link to one was typed. */
export function replayTarget(typed: string, origin: string): { id: string; href: string } | null {
  const text = typed.trim();
  const path = /^(?:https?:\/\/|\/)/i.test(text) ? pathOf(text, origin) : null;
  if (path) {
    const id = /^\/replays\/([^/?#]+)/.exec(path)?.[1];
    return id ? { id: decoded(id), href: path } : null;
  }
  // Ids are 26 characters of base 32.
  if (!/^[a-z2-7]{26}$/.test(text)) return null;
  return { id: text, href: `/replays/${encodeURIComponent(text)}` };
}

function pathOf(text: string, origin: string): string | null {
  try {
    const url = new URL(text, origin);
    return url.origin === origin ? url.pathname + url.search + url.hash : null;
  } catch {
    return null;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
