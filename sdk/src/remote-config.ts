// Settings of the project, read from the server. Nothing is recorded when they cannot
// be read: the project may have been switched off, or its masking made stricter.

import type { RemotePrivacy } from './privacy-settings';
import type { TargetingFlag } from './targeting';

const TIMEOUT_MS = 1_500;

export interface RemoteConfig {
  isEnabled: boolean;
  sampleRate?: number;
  errorSampleRate?: number;
  minSessionDuration_ms?: number;
  privacy?: RemotePrivacy;
  /** Replaces the sample rate. */
  targeting?: TargetingFlag;
  /** The project wants these of every page. */
  console?: { levels?: string[] };
  network?: boolean;
  isInteractionOff?: boolean;
}

/** Null when the answer is not one that permits recording. */
export function parseRemoteConfig(answer: any): RemoteConfig | null {
  const replay = answer?.configs?.sessionReplay;
  if (!replay || typeof replay !== 'object') return null;
  const sampling = replay.sr_sampling_config ?? {};
  const hasSampling = Object.keys(sampling).length > 0;
  const config: RemoteConfig = { isEnabled: !hasSampling || sampling.capture_enabled === true };
  if (typeof sampling.sample_rate === 'number') config.sampleRate = sampling.sample_rate;
  if (typeof sampling.error_sample_rate === 'number') config.errorSampleRate = sampling.error_sample_rate;
  if (sampling.min_session_duration_ms > 0) {
    config.minSessionDuration_ms = Math.min(sampling.min_session_duration_ms, 60_000);
  }
  if (replay.sr_privacy_config) config.privacy = replay.sr_privacy_config;
  if (replay.sr_targeting_config?.segments) config.targeting = replay.sr_targeting_config;
  const { console, network } = replay.sr_logging_config ?? {};
  if (console?.enabled) config.console = { levels: console.levels };
  if (network?.enabled) config.network = true;
  if (replay.sr_interaction_config?.enabled === false) config.isInteractionOff = true;
  return config;
}

export async function readRemoteConfig(server: string, key: string): Promise<RemoteConfig | null> {
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(`${server}/${encodeURIComponent(key)}?config_group=browser`, { signal: abort.signal });
    if (response.ok) {
      const text = await response.text();
      const config = parseRemoteConfig(JSON.parse(text));
      if (config) remember(cacheName(key), text);
      return config;
    }
    // The server knows the key and says no.
    if (response.status < 500 && response.status !== 429) return null;
  } catch {
    // Offline or too slow: what it said last time holds.
  } finally {
    clearTimeout(timer);
  }
  return knownRemoteConfig(key);
}

const cacheName = (key: string): string => 'reenact_config_' + key.slice(0, 10);

/** What the server said last time. */
export function knownRemoteConfig(key: string): RemoteConfig | null {
  try {
    return parseRemoteConfig(JSON.parse(localStorage.getItem(cacheName(key)) ?? 'null'));
  } catch {
    return null;
  }
}

function remember(name: string, text: string): void {
  try {
    localStorage.setItem(name, text);
  } catch {
    // Storage may be forbidden or full.
  }
}
