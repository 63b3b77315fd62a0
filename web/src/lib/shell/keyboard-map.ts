export type KeyRow = [keys: string[], what: string];
export type KeyGroup = [name: string, rows: KeyRow[]];
export type KeyPage = 'home' | 'list' | 'player' | 'rows' | 'issue' | 'other';

const everywhere: KeyRow[] = [
  [['Ctrl K'], 'Go to page, project or replay'],
  [['?'], 'This list'],
  [['G', 'H'], 'Home'],
  [['G', 'R'], 'Replays'],
  [['G', 'U'], 'Users'],
  [['G', 'I'], 'Issues'],
  [['G', 'S'], 'Settings'],
  [['G', 'P'], 'Playlists'],
  [['G', 'C'], 'Cohorts'],
  [['G', 'A'], 'Alerts'],
  [['Esc'], 'Close what is on top'],
];

const pages: Record<KeyPage, KeyGroup | null> = {
  home: [
    'Home',
    [
      [['J'], 'Next session'],
      [['K'], 'Previous session'],
      [['Enter'], 'Play'],
    ],
  ],
  list: [
    'List',
    [
      [['J'], 'Next row'],
      [['K'], 'Previous row'],
      [['Enter'], 'Open row'],
      [['P', 'Space'], 'Peek at row'],
      [['X'], 'Select row'],
      [['U'], 'Only unseen'],
      [['L'], 'Copy link to row'],
      [['O'], 'Facets'],
      [['/'], 'Filter'],
    ],
  ],
  player: [
    'Replay',
    [
      [['Space', 'K'], 'Play, pause'],
      [['←', '→'], '10 s back, forward'],
      [['Shift ←', '→'], 'Previous, next marker'],
      [['Alt ←', '→'], 'Previous, next change'],
      [[',', '.'], 'Slower, faster'],
      [['0', '–', '9'], '0 % – 90 %'],
      [['Home', 'End'], 'Start, end'],
      [['T'], 'Go to time'],
      [['I'], 'Skip idle'],
      [['F'], 'Full screen'],
      [['V'], 'Layout'],
      [['[', ']'], 'Previous, next replay'],
      [['C', 'N', 'E', 'A'], 'Console, network, errors, activity'],
      [['D'], 'Page structure'],
      [['/'], 'Search in the panel'],
      [['(', ')'], 'Start, end of a loop'],
      [['+', '−'], 'Zoom timeline'],
      [['Z'], 'Way of showing times'],
      [['M'], 'Comment here'],
      [['S'], 'Share'],
      [['L'], 'Copy link at this time'],
    ],
  ],
  rows: [
    'List',
    [
      [['J'], 'Next row'],
      [['K'], 'Previous row'],
      [['Enter'], 'Open row'],
      [['/'], 'Search'],
    ],
  ],
  issue: [
    'Issue',
    [
      [['J'], 'Older event'],
      [['K'], 'Newer event'],
    ],
  ],
  other: null,
};

/** What the keys do on a page, the page's own first. */
export function keyboardMap(page: KeyPage): KeyGroup[] {
  const own = pages[page];
  return [...(own ? [own] : []), ['Everywhere', everywhere]];
}

export function keyPage(route_id: string | null): KeyPage {
  if (route_id === '/(app)') return 'home';
  if (route_id === '/(app)/replays') return 'list';
  if (route_id === '/(app)/issues' || route_id === '/(app)/users') return 'rows';
  if (route_id === '/(app)/issues/[id]') return 'issue';
  return route_id === '/(app)/replays/[id]' ? 'player' : 'other';
}
