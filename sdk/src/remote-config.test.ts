import { expect, test } from 'vitest';
import { mergePrivacy } from './privacy-settings';
import { parseRemoteConfig } from './remote-config';

const answer = (sessionReplay: unknown) => ({ configs: { sessionReplay } });

test('an answer without the replay settings permits nothing', () => {
  expect(parseRemoteConfig({})).toBeNull();
  expect(parseRemoteConfig(null)).toBeNull();
  expect(parseRemoteConfig({ configs: {} })).toBeNull();
  expect(parseRemoteConfig(answer(null))).toBeNull();
});

test('sampling', () => {
  expect(parseRemoteConfig(answer({}))).toEqual({ isEnabled: true });
  expect(parseRemoteConfig(answer({ sr_sampling_config: {} }))).toEqual({ isEnabled: true });
  expect(parseRemoteConfig(answer({ sr_sampling_config: { sample_rate: 0 } }))).toEqual({
    isEnabled: false,
    sampleRate: 0,
  });
  const full = { capture_enabled: true, sample_rate: 0.5, min_session_duration_ms: 90_000 };
  expect(parseRemoteConfig(answer({ sr_sampling_config: full }))).toEqual({
    isEnabled: true,
    sampleRate: 0.5,
    minSessionDuration_ms: 60_000,
  });
});

test('remote privacy wins selector by selector', () => {
  const merged = mergePrivacy(
    { defaultMaskLevel: 'light', maskSelector: ['.a', '.b'], blockSelector: '.c' },
    { defaultMaskLevel: 'conservative', unmaskSelector: ['.a'], blockSelector: ['.d'], maskSelector: ['.c'] },
  );
  expect(merged).toMatchObject({
    defaultMaskLevel: 'conservative',
    blockSelector: ['.d'],
    maskSelector: ['.c', '.b'],
    unmaskSelector: ['.a'],
  });
  const local = { maskSelector: '.x' };
  expect(mergePrivacy(local, undefined)).toBe(local);
});
