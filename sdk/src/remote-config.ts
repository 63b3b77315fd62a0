// Settings of the project, read from the server. Nothing is recorded when they cannot
// be read: the project may have been switched off, or its masking made stricter.

import type { MaskLevel, PrivacyConfig } from './privacy';

const TIMEOUT_MS = 1_500;

export interface RemoteConfig {
  isEnabled: boolean;
  sampleRate?: number;
  minSessionDuration_ms?: number;
  privacy?: RemotePrivacy;
}

interface RemotePrivacy {
  defaultMaskLevel?: MaskLevel;
  blockSelector?: string | string[];
  maskSelector?: string | string[];
  unmaskSelector?: string | string[];
  maskAttributes?: string[];
  urlMaskLevels?: PrivacyConfig['urlMaskLevels'];
}

/** Null when the answer is not one that permits recording. */
export function parseRemoteConfig(answer: any): RemoteConfig | null {
  const replay = answer?.configs?.sessionReplay;
  if (!replay || typeof replay !== 'object') return null;
  const sampling = replay.sr_sampling_config ?? {};
  const hasSampling = Object.keys(sampling).length > 0;
  const config: RemoteConfig = { isEnabled: !hasSampling || sampling.capture_enabled === true };
  if (typeof sampling.sample_rate === 'number') config.sampleRate = sampling.sample_rate;
  if (sampling.min_session_duration_ms > 0) {
    config.minSessionDuration_ms = Math.min(sampling.min_session_duration_ms, 60_000);
  }
  if (replay.sr_privacy_config) config.privacy = replay.sr_privacy_config;
  return config;
}

export async function readRemoteConfig(server: string, key: string): Promise<RemoteConfig | null> {
  const cacheName = 'reenact_config_' + key.slice(0, 10);
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(`${server}/${encodeURIComponent(key)}?config_group=browser`, { signal: abort.signal });
    if (response.ok) {
      const text = await response.text();
      const config = parseRemoteConfig(JSON.parse(text));
      if (config) remember(cacheName, text);
      return config;
    }
    // The server knows the key and says no.
    if (response.status < 500 && response.status !== 429) return null;
  } catch {
    // Offline or too slow: what it said last time holds.
  } finally {
    clearTimeout(timer);
  }
  try {
    return parseRemoteConfig(JSON.parse(localStorage.getItem(cacheName) ?? 'null'));
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

const listOf = (value: string | string[] | undefined): string[] => (value ? [value].flat() : []);

/** Remote settings win selector by selector; local ones they do not name stay. */
export function mergePrivacy(local: PrivacyConfig, remote: RemotePrivacy | undefined): PrivacyConfig {
  if (!remote) return local;
  const kinds = ['blockSelector', 'maskSelector', 'unmaskSelector'] as const;
  const kindOf = new Map<string, (typeof kinds)[number]>();
  // Later entries win: local before remote, and within one side block, mask, unmask.
  for (const side of [local, remote]) {
    for (const kind of kinds) for (const selector of listOf(side[kind])) kindOf.set(selector, kind);
  }
  const selectors = (kind: string) => [...kindOf].filter(([, own]) => own === kind).map(([selector]) => selector);
  return {
    defaultMaskLevel: remote.defaultMaskLevel ?? local.defaultMaskLevel,
    blockSelector: selectors('blockSelector'),
    maskSelector: selectors('maskSelector'),
    unmaskSelector: selectors('unmaskSelector'),
    maskAttributes: [...new Set([...(local.maskAttributes ?? []), ...(remote.maskAttributes ?? [])])],
    urlMaskLevels: [...(remote.urlMaskLevels ?? []), ...(local.urlMaskLevels ?? [])],
  };
}
