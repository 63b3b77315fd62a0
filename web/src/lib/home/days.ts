import type { Replay } from '$lib/api/types';
import { dayInZone, dayLabel, weekday } from '$lib/format/time';

export interface Day {
  day: string;
  name: string;
  replays: Replay[];
}

const day_ms = 86_400_000;

/** Replays, newest first, under the day they started on. */
export function byDay(replays: readonly Replay[], zone: string, now_ms: number): Day[] {
  const today = dayInZone(now_ms, zone);
  const yesterday = dayInZone(Date.parse(`${today}T12:00:00Z`) - day_ms, 'UTC');
  const days: Day[] = [];
  for (const replay of replays) {
    const day = dayInZone(Date.parse(replay.started_at), zone);
    if (days.at(-1)?.day !== day) {
      const name = day === today ? 'Today' : day === yesterday ? 'Yesterday' : `${weekday(day)} ${dayLabel(day)}`;
      days.push({ day, name, replays: [] });
    }
    days.at(-1)?.replays.push(replay);
  }
  return days;
}
