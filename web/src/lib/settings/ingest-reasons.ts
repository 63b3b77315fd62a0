import type { Rejected } from '$lib/api/types';

/** An upload refused as a whole, an event left out, or an event kept after a repair. */
export type Weight = 'refused' | 'dropped' | 'repaired';

interface ReasonText {
  weight: Weight;
  what: string;
  do: string;
}

const reasons: Record<string, ReasonText> = {
  unknown_key: {
    weight: 'refused',
    what: 'The key belongs to no project',
    do: 'Compare the key in your site with the ingest key in the project settings.',
  },
  invalid_id: {
    weight: 'refused',
    what: 'Device or session id missing or too long',
    do: 'Give the recorder both ids, each of at most a few hundred characters.',
  },
  invalid_encoding: {
    weight: 'refused',
    what: 'The upload could not be unpacked',
    do: 'Look for a proxy that changes uploads or their Content-Encoding.',
  },
  invalid_json: {
    weight: 'refused',
    what: 'The upload was not whole JSON',
    do: 'Look for a proxy that cuts uploads off.',
  },
  too_large: {
    weight: 'refused',
    what: 'The upload was too large',
    do: 'Allow bodies of at least 10 MB in the proxy and in the settings of this server.',
  },
  too_deep: {
    weight: 'refused',
    what: 'The upload was nested too deeply',
    do: 'Nothing; a page does not look like this.',
  },
  throttled: {
    weight: 'refused',
    what: 'Too many uploads at once',
    do: 'Raise the limit in the settings of this server, or record a smaller share of the sessions.',
  },
  capture_disabled: {
    weight: 'refused',
    what: 'Recording is switched off',
    do: 'Switch it on in the project settings.',
  },
  storage_full: {
    weight: 'refused',
    what: 'The disk of this server is full',
    do: 'Make room or shorten how long replays are kept.',
  },
  invalid_event: {
    weight: 'dropped',
    what: 'Events that are no rrweb events',
    do: 'Update the recorder.',
  },
  event_too_large: {
    weight: 'dropped',
    what: 'Single events that were too large',
    do: 'Block the element that makes them: a huge canvas or inlined picture.',
  },
  own_traffic: {
    weight: 'dropped',
    what: 'The recorder saw its own uploads',
    do: 'Nothing; they are left out so that a replay does not record itself.',
  },
  repaired_timestamp: {
    weight: 'repaired',
    what: 'Events without a usable time',
    do: 'Nothing; they got the time of the event before.',
  },
  repaired_text: {
    weight: 'repaired',
    what: 'Text that was not valid Unicode',
    do: 'Nothing; the broken characters were replaced.',
  },
  redacted_secret: {
    weight: 'repaired',
    what: 'Secrets in addresses or texts',
    do: 'Nothing; they were blacked out before anything was stored.',
  },
};

/** A reason in words. One that a newer server knows is shown by its name. */
export function reasonText(reason: string): ReasonText {
  return reasons[reason] ?? { weight: 'refused', what: reason.replaceAll('_', ' '), do: '' };
}

/** What is missing in replays because of it: repairs lose nothing, and own traffic is no loss. */
export function lostCount(rejected: readonly Rejected[]): number {
  return rejected
    .filter(({ reason }) => reason !== 'own_traffic' && reasonText(reason).weight !== 'repaired')
    .reduce((sum, { count }) => sum + count, 0);
}
