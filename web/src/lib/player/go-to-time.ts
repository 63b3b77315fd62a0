/**
 * What a person types to go somewhere: `2:13`, `1:02:33.5`, `90` or `90s` from the start, or a time of
 * day as `14:02:33` when it lies inside the replay. Null when it is none of these.
 */
export function parseTime(text: string, first_ms: number, last_ms: number, zone: string): number | null {
  const trimmed = text.trim();
  const plain = /^(\d+(?:\.\d+)?)\s*(s|sec|m|min|h)?$/i.exec(trimmed);
  if (plain) {
    const unit = (plain[2] ?? 's').toLowerCase();
    const unit_ms = unit.startsWith('s') ? 1_000 : unit.startsWith('m') ? 60_000 : 3_600_000;
    return inside(first_ms + Number(plain[1]) * unit_ms, first_ms, last_ms);
  }
  const parts = /^(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2}(?:\.\d{1,3})?)$/.exec(trimmed);
  if (!parts) return null;
  const [hours, minutes, seconds] = [Number(parts[1] ?? 0), Number(parts[2]), Number(parts[3])];
  if (seconds >= 60 || (parts[1] !== undefined && minutes >= 60)) return null;
  const offset_ms = Math.round(((hours * 60 + minutes) * 60 + seconds) * 1000);
  if (parts[1] !== undefined) {
    const of_day_ms = timeOfDay(offset_ms, first_ms, last_ms, zone);
    // A short replay has no third hour; a long one may, and then the offset is what was meant.
    if (of_day_ms !== null && first_ms + offset_ms > last_ms) return of_day_ms;
  }
  return inside(first_ms + offset_ms, first_ms, last_ms);
}

function inside(at_ms: number, first_ms: number, last_ms: number): number | null {
  return at_ms >= first_ms && at_ms <= last_ms ? at_ms : null;
}

/** The moment in the replay at which a clock in the zone showed this time of day. */
function timeOfDay(of_day_ms: number, first_ms: number, last_ms: number, zone: string): number | null {
  const day_ms = 86_400_000;
  const shown_ms = msOfDay(first_ms, zone);
  if (shown_ms === null) return null;
  let wait_ms = (of_day_ms - shown_ms + day_ms) % day_ms;
  // The clock shows whole seconds; the replay may start within one.
  if (wait_ms > day_ms - 1_000) wait_ms = 0;
  return inside(first_ms + wait_ms, first_ms, last_ms);
}

function msOfDay(at_ms: number, zone: string): number | null {
  try {
    const parts = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    }).formatToParts(at_ms);
    const part = (type: string) => Number(parts.find((candidate) => candidate.type === type)?.value ?? NaN);
    return ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1000 + (at_ms % 1000);
  } catch {
    return null;
  }
}
