// Times as text. The zone is always an argument: a time without its zone is a guess.

const locale = 'en-GB';
const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) {
    try {
      made = new Intl.DateTimeFormat(locale, { ...options, timeZone: zone });
    } catch {
      // A zone this browser does not know must not take the page down.
      made = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
    }
    formats.set(key, made);
  }
  return made;
}

/** `Sat 21 Nov 2026, 14:02:33 CET` */
export function exactTime(at_ms: number, zone: string): string {
  const day = format(zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  return `${day.format(at_ms).replace(',', '')}, ${clockTime(at_ms, zone)}`;
}

/** `14:02:33 CET` */
export function clockTime(at_ms: number, zone: string): string {
  return format(zone, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(at_ms);
}

/** Relative under a week, then the day and minute in the zone. */
export function relativeTime(at_ms: number, now_ms: number, zone: string): string {
  const past_s = Math.round((now_ms - at_ms) / 1000);
  if (past_s < 10 && past_s > -60) return 'just now';
  if (past_s >= 0 && past_s < 60) return `${past_s} s ago`;
  if (past_s >= 0 && past_s < 3600) return `${Math.floor(past_s / 60)} min ago`;
  if (past_s >= 0 && past_s < 86_400) return `${Math.floor(past_s / 3600)} h ago`;
  if (past_s >= 0 && past_s < 7 * 86_400) {
    const days = Math.floor(past_s / 86_400);
    return `${days} ${days === 1 ? 'day' : 'days'} ago`;
  }
  return format(zone, {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).format(at_ms);
}

/** The calendar day in the zone as `YYYY-MM-DD`, which is what date inputs and the API use. */
export function dayInZone(at_ms: number, zone: string): string {
  const parts = format(zone, { year: 'numeric', month: '2-digit', day: '2-digit' }).formatToParts(at_ms);
  const part = (type: string) => parts.find((candidate) => candidate.type === type)?.value ?? '';
  return `${part('year').padStart(4, '0')}-${part('month')}-${part('day')}`;
}

/** `21 Nov 2026` from `2026-11-21`, without any zone arithmetic. */
export function dayLabel(day: string): string {
  return format('UTC', { day: 'numeric', month: 'short', year: 'numeric' }).format(
    Date.parse(`${day}T00:00:00Z`),
  );
}

/** `Saturday` from `2026-11-21`. */
export function weekday(day: string): string {
  return format('UTC', { weekday: 'long' }).format(Date.parse(`${day}T00:00:00Z`));
}

/** `14:02` */
export function minuteTime(at_ms: number, zone: string): string {
  return format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(at_ms);
}
