// Events for search and charts, sent as Amplitude's HTTP API takes them.

import { newId } from './identity';
import { later, type Report } from './recorder/page-access';
import type { Recipient } from './transport/outbox';

const RETRY_MS = 5_000;

export interface EventTarget {
  url: string;
  key: string;
  to: Recipient;
  library: string;
  report: Report;
}

export function sendEvent({ url, key, to, library, report }: EventTarget, event: Record<string, unknown>): void {
  const ids = {
    device_id: to.device,
    session_id: Number(to.session) || -1,
    insert_id: newId(),
    ...(to.user && { user_id: to.user }),
  };
  const body = JSON.stringify({
    api_key: key,
    events: [{ ...ids, time: Date.now(), platform: 'Web', library, ...event }],
  });
  const headers = { 'Content-Type': 'application/json' };
  const send = () => fetch(url, { method: 'POST', body, keepalive: true, headers });
  // The same id again: the server stores it once.
  send().catch(() => later(report, () => void send().catch(report), RETRY_MS));
}
