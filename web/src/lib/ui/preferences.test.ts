import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { api, ApiError } from '$lib/api/client';
import { default_settings } from './settings-text';

// Only what the module touches of a page.
const dataset: Record<string, string> = {};
vi.stubGlobal('document', { documentElement: { dataset } });
const { preferences } = await import('./preferences.svelte');

beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

test('changes show at once and are sent together, only what changed', async () => {
  const save = vi.spyOn(api, 'saveSettings').mockResolvedValue(undefined);
  preferences.change({ theme: 'dark' });
  preferences.change({ density: 'compact' });
  expect(dataset).toMatchObject({ theme: 'dark', density: 'compact' });
  expect(save).not.toHaveBeenCalled();
  await vi.runAllTimersAsync();
  expect(save).toHaveBeenCalledExactlyOnceWith({ theme: 'dark', density: 'compact' });
  preferences.change({ theme: 'system' });
  expect(dataset.theme).toBeUndefined();
  await vi.runAllTimersAsync();
});

test('what was chosen before sign-in wins over the server, the rest is the server’s', async () => {
  const save = vi.spyOn(api, 'saveSettings').mockRejectedValueOnce(new ApiError('unauthenticated', 'Sign in.', 401));
  preferences.change({ theme: 'light' });
  await vi.runAllTimersAsync();
  expect(preferences.save_problem).toBe('');
  save.mockResolvedValue(undefined);
  vi.spyOn(api, 'settings').mockResolvedValue({ ...default_settings, theme: 'dark', speed: 2 });
  await preferences.load();
  expect(preferences.settings).toMatchObject({ theme: 'light', speed: 2 });
  expect(save).toHaveBeenLastCalledWith({ theme: 'light' });
});

test('a failed save is said and tried again with what came since', async () => {
  const save = vi.spyOn(api, 'saveSettings').mockRejectedValueOnce(new ApiError('offline', 'No server.'));
  preferences.change({ trail: false });
  await vi.runAllTimersAsync();
  expect(preferences.save_problem).toBe('No server.');
  save.mockResolvedValue(undefined);
  preferences.change({ speed: 4 });
  await vi.runAllTimersAsync();
  expect(save).toHaveBeenLastCalledWith({ trail: false, speed: 4 });
  expect(preferences.save_problem).toBe('');
});
