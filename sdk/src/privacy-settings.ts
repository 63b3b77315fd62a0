// What the project says about masking, and what the page says, put together.

import type { MaskLevel, PrivacyConfig } from './privacy';

export interface RemotePrivacy {
  defaultMaskLevel?: MaskLevel;
  blockSelector?: string | string[];
  maskSelector?: string | string[];
  unmaskSelector?: string | string[];
  maskAttributes?: string[];
  urlMaskLevels?: PrivacyConfig['urlMaskLevels'];
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
