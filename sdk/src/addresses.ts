// Where the SDK sends and asks, from the options.

import type { Options } from './options';

export interface Addresses {
  server: string;
  /** Recordings. */
  track: string;
  /** Settings; the key is appended. */
  config: string;
  /** Events for search and charts. */
  events: string;
}

export function addressesOf(options: Options): Addresses {
  const { serverUrl = '', serverZone = 'US', trackServerUrl, configServerUrl, eventsServerUrl } = options;
  const server = typeof serverUrl === 'string' ? serverUrl : (serverUrl[serverZone] ?? '');
  return {
    server,
    track: trackServerUrl ?? server + '/api/v1/ingest/rrweb',
    config: configServerUrl ?? server + '/config',
    events: eventsServerUrl ?? server + '/2/httpapi',
  };
}

const absolute = (url: string): string => new URL(url, location.href).href;

/** Requests that the page does not make itself. */
export const ownUrls = ({ track, config, events, server }: Addresses): string[] =>
  [track, config, events, server + '/sessions/v2/track'].map(absolute);

/** The rules for addresses come with the recorder; without it only what no rule could hide. */
export function bareUrl(href: string, { interactionConfig }: Options): string {
  const bare = href.replace(/[?#].*/, '');
  return interactionConfig?.ugcFilterRules?.length ? bare.split('/').slice(0, 3).join('/') : bare;
}
