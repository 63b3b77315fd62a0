import { expect, test } from 'vitest';
import { default_settings, readSettings, shownZone } from './settings-text';

test('nothing stored, or something else, gives the defaults', () => {
  for (const stored of [null, undefined, 'dark', 7, []]) expect(readSettings(stored)).toEqual(default_settings);
});

test('what is valid is kept, what is not falls back field by field', () => {
  const settings = readSettings({
    theme: 'dark',
    density: 'huge',
    motion: 'reduce',
    time_zone: 'Mars/Olympus',
    shortcuts: false,
    speed: 400,
    trail: 'yes',
    from_the_future: 1,
  });
  expect(settings).toEqual({ ...default_settings, theme: 'dark', motion: 'reduce', shortcuts: false });
  expect(readSettings({ time_zone: 'Asia/Tokyo', speed: 4 })).toMatchObject({ time_zone: 'Asia/Tokyo', speed: 4 });
});

test('the shown zone is the choice, the project or this browser', () => {
  expect(shownZone('Asia/Tokyo', 'Europe/Vienna')).toBe('Asia/Tokyo');
  expect(shownZone('project', 'Europe/Vienna')).toBe('Europe/Vienna');
  expect(shownZone('viewer', 'Europe/Vienna')).toBe(Intl.DateTimeFormat().resolvedOptions().timeZone);
});
