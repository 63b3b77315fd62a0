// What the recorders of a project record, as `/api/v1/settings` has it. Null is "as the server says".
import { api } from '$lib/api/client';

export type MaskLevel = 'light' | 'medium' | 'conservative';

export interface TargetingRule {
  sample_rate: number | null;
  url_contains: string | null;
  event: string | null;
  event_properties: Record<string, string>;
  user_properties: Record<string, string>;
}

export interface Capture {
  sample_rate: number | null;
  error_sample_rate: number | null;
  mask_level: MaskLevel | null;
  block_selectors: string[] | null;
  mask_selectors: string[] | null;
  unmask_selectors: string[] | null;
  interactions: boolean | null;
  console: boolean | null;
  network: boolean | null;
  targeting: TargetingRule[] | null;
}

export interface CaptureAnswer {
  /** Null when it cannot be read; nothing is recorded then. */
  capture: Capture | null;
  in_force: Record<keyof Omit<Capture, 'targeting'>, unknown>;
}

const path = (project_id: number) => `/api/v1/settings?project_id=${project_id}`;

export const readCapture = (project_id: number, signal: AbortSignal) =>
  api.get<CaptureAnswer>('/api/v1/settings', { project_id }, signal);

export const changeCapture = (project_id: number, capture: Partial<Capture>) =>
  api.send<CaptureAnswer>('PATCH', path(project_id), { capture });

/** "12.5" of a field in percent is 0.125; an empty field is the server's value. */
export function rateOf(percent: string): number | null {
  const number = Number(percent.replace(',', '.'));
  return percent.trim() === '' || Number.isNaN(number) ? null : number / 100;
}

export const percentOf = (rate: number | null): string => (rate === null ? '' : String(Math.round(rate * 1e6) / 1e4));

/** One selector a line. */
export function linesOf(text: string): string[] | null {
  const lines = text.split('\n').map((line) => line.trim()).filter(Boolean);
  return lines.length > 0 ? lines : null;
}
