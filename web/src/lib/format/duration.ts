/** A position inside a replay: `m:ss` or `h:mm:ss`, on demand with tenths. */
export function offsetText(offset_ms: number, tenths = false): string {
  const total_tenths = Math.floor(Math.max(0, offset_ms) / 100);
  const total_s = Math.floor(total_tenths / 10);
  const hours = Math.floor(total_s / 3600);
  const minutes = Math.floor(total_s / 60) % 60;
  const seconds = String(total_s % 60).padStart(2, '0');
  const head = hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}` : String(minutes);
  return `${head}:${seconds}${tenths ? `.${total_tenths % 10}` : ''}`;
}

/** A length of time: `18 min 20 s`, `2 h 5 min`, `0.4 s`. */
export function durationText(duration_ms: number): string {
  if (duration_ms < 1000) return `${(Math.max(0, duration_ms) / 1000).toFixed(1)} s`;
  const total_s = Math.round(duration_ms / 1000);
  const hours = Math.floor(total_s / 3600);
  const minutes = Math.floor(total_s / 60) % 60;
  const seconds = total_s % 60;
  const parts = [];
  if (hours > 0) parts.push(`${hours} h`);
  if (minutes > 0) parts.push(`${minutes} min`);
  // Seconds say nothing next to hours.
  if (hours === 0 && (seconds > 0 || minutes === 0)) parts.push(`${seconds} s`);
  return parts.join(' ');
}

/** The same in full words, for screen readers: `2 minutes 13 seconds`. */
export function spokenDuration(duration_ms: number): string {
  const total_s = Math.floor(Math.max(0, duration_ms) / 1000);
  const units: [number, string][] = [
    [Math.floor(total_s / 3600), 'hour'],
    [Math.floor(total_s / 60) % 60, 'minute'],
    [total_s % 60, 'second'],
  ];
  const parts = units
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`);
  return parts.join(' ') || '0 seconds';
}

/** A number of seconds in an address (`133.4`); null when it is not one. */
export function secondsToMs(text: string | null): number | null {
  if (text === null || !/^\d{1,9}(\.\d{1,3})?$/.test(text)) return null;
  return Math.round(Number(text) * 1000);
}

export function msToSeconds(offset_ms: number): string {
  return String(Math.round(Math.max(0, offset_ms) / 100) / 10);
}
