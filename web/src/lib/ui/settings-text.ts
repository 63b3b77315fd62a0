import type { PersonSettings } from '$lib/api/types';

export const default_settings: PersonSettings = {
  theme: 'system',
  density: 'normal',
  motion: 'system',
  time_zone: 'viewer',
  shortcuts: true,
  skip_idle: true,
  speed: 1,
  trail: true,
};

const choices = {
  theme: ['system', 'light', 'dark'],
  density: ['compact', 'normal', 'comfortable'],
  motion: ['system', 'reduce'],
} as const;

const speeds = { slowest: 0.25, fastest: 16 };

/** What was stored, with the default in place of everything missing or out of bounds. */
export function readSettings(stored: unknown): PersonSettings {
  const settings = { ...default_settings };
  if (typeof stored !== 'object' || stored === null) return settings;
  const found = stored as Record<string, unknown>;
  for (const name of ['theme', 'density', 'motion'] as const) {
    if ((choices[name] as readonly unknown[]).includes(found[name])) {
      Object.assign(settings, { [name]: found[name] });
    }
  }
  for (const name of ['shortcuts', 'skip_idle', 'trail'] as const) {
    if (typeof found[name] === 'boolean') settings[name] = found[name];
  }
  if (typeof found.speed === 'number' && found.speed >= speeds.slowest && found.speed <= speeds.fastest) {
    settings.speed = found.speed;
  }
  if (typeof found.time_zone === 'string' && isZoneChoice(found.time_zone)) settings.time_zone = found.time_zone;
  return settings;
}

export function isZoneChoice(text: string): boolean {
  return text === 'viewer' || text === 'project' || isZone(text);
}

export function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** The zone in which times are shown. */
export function shownZone(choice: string, project_zone: string): string {
  if (choice === 'project') return project_zone;
  if (choice === 'viewer') return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
  return choice;
}
