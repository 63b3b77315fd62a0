// Clicks and scroll depth for heatmaps, sent apart from the recording, so that they also
// come from sessions that are not replayed. The form is that of Amplitude's SDKs.

import { later } from '../recorder/page-access';
import type { Module } from '../options';

export interface InteractionOptions {
  /** Equal clicks are counted, at the price of their times. */
  batch?: boolean;
  trackEveryNms?: number;
}

interface Click {
  x: number;
  y: number;
  selector?: string;
  viewportHeight: number;
  viewportWidth: number;
  pageUrl: string;
  timestamp: number;
  type: 'click';
  count: number;
}

const HOUR_MS = 3_600_000;
const MOST_WAITING = 1_000;
const MOST_SELECTOR_STEPS = 8;

export function interactionCapture(options: InteractionOptions = {}): Module {
  const { batch = false, trackEveryNms = 30_000 } = options;
  return (context) => {
    const stops = context.stops();
    let clicks: Click[] = [];
    let isStopped = false;
    let maxScrollX = window.scrollX;
    let maxScrollY = window.scrollY;
    const pageUrl = () => context.url(location.href);
    const viewport = () => ({ viewportHeight: window.innerHeight, viewportWidth: window.innerWidth });

    const send = (events: object[], isLast = false) => {
      const { url, key, to, isAllowed } = context.target();
      if (!isAllowed || !url) return;
      const query = new URLSearchParams({ device_id: to.device, session_id: to.session, type: 'interaction' });
      const body = JSON.stringify({ version: 1, events });
      if (isLast) {
        query.set('api_key', key);
        // Plain text needs no question to the server first.
        navigator.sendBeacon(`${url}/sessions/v2/track?${query}`, new Blob([body], { type: 'text/plain' }));
      } else {
        const headers = { Authorization: 'Bearer ' + key, 'Content-Type': 'application/json' };
        const init = { method: 'POST', body, headers, keepalive: true };
        fetch(`${url}/sessions/v2/track?${query}`, init).catch(context.report);
      }
    };
    const flush = () => {
      if (clicks.length) send(clicks);
      clicks = [];
    };
    const round = () => {
      flush();
      if (!isStopped) later(context.report, round, trackEveryNms);
    };
    later(context.report, round, trackEveryNms);

    stops.listen(document, 'click', (event: MouseEvent) => {
      const selector = selectorOf(event.composedPath()[0] as Element);
      const now_ms = Date.now();
      const click: Click = {
        x: Math.round(event.clientX + window.scrollX),
        y: Math.round(event.clientY + window.scrollY),
        ...(selector ? { selector } : {}),
        ...viewport(),
        pageUrl: pageUrl(),
        timestamp: batch ? now_ms - (now_ms % HOUR_MS) : now_ms,
        type: 'click',
        count: 1,
      };
      const same = batch && clicks.find(({ x, y, selector, pageUrl }) => {
        return x === click.x && y === click.y && selector === click.selector && pageUrl === click.pageUrl;
      });
      if (same) same.count++;
      else if (clicks.length < MOST_WAITING) clicks.push(click);
    });
    stops.listen(window, 'scroll', () => {
      maxScrollX = Math.max(maxScrollX, window.scrollX);
      maxScrollY = Math.max(maxScrollY, window.scrollY);
    });
    stops.listen(window, 'pagehide', () => {
      const size = viewport();
      const maxScrollWidth = maxScrollX + size.viewportWidth;
      const maxScrollHeight = maxScrollY + size.viewportHeight;
      const scroll = { maxScrollX, maxScrollY, maxScrollWidth, maxScrollHeight };
      send([...clicks, { ...scroll, ...size, pageUrl: pageUrl(), timestamp: Date.now(), type: 'scroll' }], true);
      clicks = [];
    });
    return () => {
      isStopped = true;
      flush();
      stops.stop();
    };
  };
}

export default interactionCapture;

/** A short selector that finds only this element; undefined inside shadow roots. */
export function selectorOf(element: Element): string | undefined {
  if (!element.isConnected || element.getRootNode() !== document) return undefined;
  const steps: string[] = [];
  for (let current: Element | null = element; current && steps.length < MOST_SELECTOR_STEPS; current = current.parentElement) {
    if (current.id) {
      steps.unshift('#' + CSS.escape(current.id));
      break;
    }
    const tag = CSS.escape(current.localName);
    const twins = Array.from(current.parentElement?.children ?? []).filter(({ localName }) => localName === current.localName);
    steps.unshift(twins.length > 1 ? `${tag}:nth-of-type(${twins.indexOf(current) + 1})` : tag);
  }
  const selector = steps.join('>');
  return document.querySelectorAll(selector).length === 1 ? selector : undefined;
}
