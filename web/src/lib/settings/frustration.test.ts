import { describe, expect, test } from 'vitest';
import { presetOf, shown, valueOf } from './frustration';

describe('numbers of frustration', () => {
  test('times are in seconds, counts and distances as they are', () => {
    expect(shown('dead_after_ms', 7_000)).toBe('7');
    expect(shown('rage_radius_px', 50)).toBe('50');
    expect(valueOf('rage_within_ms', '1.5')).toBe(1_500);
    expect(valueOf('rage_within_ms', '1,5')).toBe(1_500);
    expect(valueOf('rage_clicks', ' 4 ')).toBe(4);
    expect(valueOf('blank_ms', '')).toBeNull();
    expect(valueOf('rage_clicks', 'many')).toBeNaN();
  });

  test('a preset is known by its numbers', () => {
    const presets = [{ name: 'amplitude' as const, rage_clicks: 4, rage_within_ms: 1_000, rage_radius_px: 50 }];
    expect(presetOf(presets, { rage_clicks: 4, rage_within_ms: 1_000, rage_radius_px: 50 })).toBe('amplitude');
    expect(presetOf(presets, { rage_clicks: 5, rage_within_ms: 1_000, rage_radius_px: 50 })).toBe('');
  });
});
