// By which numbers signs of frustration are judged, as `/api/v1/settings/frustration` has it. Null is the default.
import { api } from '$lib/api/client';
import type { Frustration, FrustrationSettings } from '@reenact/client/schema';

export const number_names = [
  'rage_clicks',
  'rage_within_ms',
  'rage_radius_px',
  'dead_after_ms',
  'slow_click_ms',
  'error_click_ms',
  'thrash_turns',
  'thrash_within_ms',
  'quick_back_ms',
  'spinner_ms',
  'blank_ms',
] as const;
export type NumberName = (typeof number_names)[number];
export type ListName = 'never_dead_selectors' | 'ignored_selectors';

export type { Frustration };
export type RagePreset = FrustrationSettings['presets'][number];

export interface FrustrationAnswer extends FrustrationSettings {
  bounds: Record<NumberName, [number, number]>;
}

export const readFrustration = (project_id: number, signal: AbortSignal) =>
  api.get<FrustrationAnswer>('/api/v1/settings/frustration', { project_id }, signal);

export const changeFrustration = (project_id: number, frustration: Frustration) =>
  api.send<FrustrationAnswer>('PATCH', `/api/v1/settings/frustration?project_id=${project_id}`, { frustration });

/** Times are written in seconds. */
export const isTime = (name: NumberName): boolean => name.endsWith('_ms');

export const shown = (name: NumberName, value: number | null): string =>
  value === null ? '' : String(isTime(name) ? value / 1000 : value);

/** An empty field is the default; what is no number stays as it was for the server to refuse. */
export function valueOf(name: NumberName, text: string): number | null {
  const number = Number(text.trim().replace(',', '.'));
  if (text.trim() === '') return null;
  return isTime(name) ? Math.round(number * 1000) : number;
}

/** The preset whose numbers these are. */
export const presetOf = (presets: RagePreset[], rule: Omit<RagePreset, 'name'>): string =>
  presets.find(
    (preset) =>
      preset.rage_clicks === rule.rage_clicks &&
      preset.rage_within_ms === rule.rage_within_ms &&
      preset.rage_radius_px === rule.rage_radius_px,
  )?.name ?? '';
