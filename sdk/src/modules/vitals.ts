// Web vitals and long tasks. Vitals are written when the page is hidden, which is when
// they are final; FCP and TTFB as soon as they are known.

import type { Module } from '../options';

/** Upper ends of "good" and "needs improvement". */
const LIMITS: Record<string, [number, number]> = {
  LCP: [2_500, 4_000],
  FCP: [1_800, 3_000],
  INP: [200, 500],
  CLS: [0.1, 0.25],
  TTFB: [800, 1_800],
};
const SESSION_GAP_MS = 1_000;
const SESSION_MS = 5_000;
/** One in fifty slow interactions may be an accident. */
const INTERACTIONS_PER_OUTLIER = 50;

type Shift = PerformanceEntry & { value: number; hadRecentInput: boolean };
type Interaction = PerformanceEntry & { interactionId: number };

export function ratingOf(name: string, value: number): string {
  const [good, poor] = LIMITS[name]!;
  return value <= good ? 'good' : value <= poor ? 'needs-improvement' : 'poor';
}

export function vitalsCapture(): Module {
  return (context) => {
    const stops = context.stops();
    const write = (name: string, value: number) => {
      const rounded = Math.round(value * 1000) / 1000;
      context.custom('web-vital', { name, value: rounded, rating: ratingOf(name, rounded) });
    };
    const observe = (type: string, take: (entry: any) => void, more: object = {}) => {
      if (!PerformanceObserver.supportedEntryTypes.includes(type)) return;
      const observer = new PerformanceObserver((list) => {
        try {
          list.getEntries().forEach(take);
        } catch (error) {
          context.report(error);
        }
      });
      observer.observe({ type, buffered: true, ...more });
      stops.add(() => observer.disconnect());
    };

    const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
    if (navigation && navigation.responseStart > 0) write('TTFB', navigation.responseStart);
    observe('paint', (entry) => {
      if (entry.name === 'first-contentful-paint') write('FCP', entry.startTime);
    });

    let largest_ms = 0;
    observe('largest-contentful-paint', (entry) => (largest_ms = entry.startTime));

    // Layout shifts count in bursts; the worst burst is the value.
    let worst = 0;
    let burst = 0;
    let burstStart_ms = 0;
    let lastShift_ms = -Infinity;
    observe('layout-shift', (entry: Shift) => {
      if (entry.hadRecentInput) return;
      const isSameBurst =
        entry.startTime - lastShift_ms < SESSION_GAP_MS && entry.startTime - burstStart_ms < SESSION_MS;
      if (!isSameBurst) {
        burst = 0;
        burstStart_ms = entry.startTime;
      }
      burst += entry.value;
      lastShift_ms = entry.startTime;
      worst = Math.max(worst, burst);
    });

    const interactions = new Map<number, number>();
    observe(
      'event',
      (entry: Interaction) => {
        if (!entry.interactionId) return;
        interactions.set(entry.interactionId, Math.max(interactions.get(entry.interactionId) ?? 0, entry.duration));
      },
      { durationThreshold: 40 },
    );

    observe('longtask', (entry) => {
      const startedAt_ms = Math.round(performance.timeOrigin + entry.startTime);
      context.custom('long-task', { duration_ms: Math.round(entry.duration), startedAt_ms });
    });

    let isWritten = false;
    stops.listen(document, 'visibilitychange', () => {
      if (!document.hidden || isWritten) return;
      isWritten = true;
      if (largest_ms) write('LCP', largest_ms);
      write('CLS', worst);
      const durations = [...interactions.values()].sort((a, b) => b - a);
      const slow = durations[Math.floor(durations.length / INTERACTIONS_PER_OUTLIER)];
      if (slow) write('INP', slow);
    });
    return () => stops.stop();
  };
}

export default vitalsCapture;
