/** Levels of activity from 0 to 9 as one SVG path of bars; a level of 0 leaves a gap. */
export function activityPath(levels: readonly number[], width: number, height: number): string {
  const step = width / Math.max(1, levels.length);
  const bar = round(Math.max(0.5, step * 0.7));
  let path = '';
  levels.forEach((level, index) => {
    const part = Math.min(9, Math.max(0, level)) / 9;
    if (!(part > 0)) return;
    // Even one click must be seen.
    const bar_height = round(Math.max(1.5, part * height));
    path += `M${round(index * step)} ${height}v${-bar_height}h${bar}v${bar_height}z`;
  });
  return path;
}

/** What the strip shows, for those who do not see it. */
export function activityText(levels: readonly number[]): string {
  const total = levels.reduce((sum, level) => sum + level, 0);
  if (total === 0) return 'No activity';
  const busy = levels.filter((level) => level > 0).length / levels.length;
  const peak = levels.indexOf(Math.max(...levels)) / levels.length;
  const where = peak < 1 / 3 ? 'at the start' : peak < 2 / 3 ? 'in the middle' : 'at the end';
  return `Active ${Math.max(1, Math.round(busy * 100))} % of the time, most ${where}`;
}

const round = (value: number) => Math.round(value * 100) / 100;
