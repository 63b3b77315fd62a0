const ways = ['offset', 'clock', 'since'] as const;
const names = {
  offset: 'Time from the start',
  clock: 'Time of day',
  since: 'Time since the row before',
};

/** How times are written in all lists. */
const shown = $state({ way: 0 });

export function timeWay(): (typeof ways)[number] {
  return ways[shown.way] ?? 'offset';
}

/** Goes on to the next; returns its name. */
export function nextTimeWay(): string {
  shown.way = (shown.way + 1) % ways.length;
  return names[timeWay()];
}
