import type { MemoryFact, WebVitalFact } from '$lib/api/types';

interface Vital {
  name: string;
  /** Up to here it is good; above `poor` it is poor. */
  good: number;
  poor: number;
  unit: 'ms' | 'score';
}

const vitals: Record<string, Vital> = {
  LCP: { name: 'Largest contentful paint', good: 2_500, poor: 4_000, unit: 'ms' },
  INP: { name: 'Interaction to next paint', good: 200, poor: 500, unit: 'ms' },
  CLS: { name: 'Cumulative layout shift', good: 0.1, poor: 0.25, unit: 'score' },
  FCP: { name: 'First contentful paint', good: 1_800, poor: 3_000, unit: 'ms' },
  TTFB: { name: 'Time to first byte', good: 800, poor: 1_800, unit: 'ms' },
  FID: { name: 'First input delay', good: 100, poor: 300, unit: 'ms' },
};

export type Rating = 'good' | 'needs improvement' | 'poor';

export function vitalName(name: string): string {
  return vitals[name.toUpperCase()]?.name ?? name;
}

export function vitalText(name: string, value: number): string {
  const vital = vitals[name.toUpperCase()];
  if (vital?.unit === 'score') return value.toFixed(2);
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${Math.round(value)} ms`;
}

/** The recorder's own rating when it sent one, else by the published thresholds. */
export function ratingOf(fact: Pick<WebVitalFact, 'name' | 'value' | 'rating'>): Rating | null {
  const given = fact.rating?.replace(/[-_]/g, ' ');
  if (given === 'good' || given === 'needs improvement' || given === 'poor') return given;
  const vital = vitals[fact.name.toUpperCase()];
  if (!vital) return null;
  if (fact.value <= vital.good) return 'good';
  return fact.value <= vital.poor ? 'needs improvement' : 'poor';
}

/** Where a value stands on a scale on which good ends at a half and poor begins at four fifths. */
export function vitalPart(name: string, value: number): number | null {
  const vital = vitals[name.toUpperCase()];
  if (!vital) return null;
  if (value <= vital.good) return (value / vital.good) * 0.5;
  if (value <= vital.poor) return 0.5 + ((value - vital.good) / (vital.poor - vital.good)) * 0.3;
  return Math.min(1, 0.8 + ((value - vital.poor) / vital.poor) * 0.2);
}

/** The latest of each, as a page's vitals are final only when it is left. */
export function latestVitals(facts: WebVitalFact[]): WebVitalFact[] {
  const latest = new Map<string, WebVitalFact>();
  for (const fact of facts) latest.set(fact.name, fact);
  const order = Object.keys(vitals);
  const rank = (name: string) => (order.indexOf(name.toUpperCase()) + order.length + 1) % (order.length + 1);
  return [...latest.values()].sort((a, b) => rank(a.name) - rank(b.name));
}

/** Points of the memory line in a box of `width` by `height`, and the scale's end. */
export function memoryPath(
  facts: MemoryFact[],
  span: { from_ms: number; to_ms: number },
  width: number,
  height: number,
): { path: string; most_bytes: number } {
  const most_bytes = facts.reduce((most, fact) => Math.max(most, fact.used_bytes), 0);
  if (most_bytes === 0) return { path: '', most_bytes };
  const length_ms = Math.max(1, span.to_ms - span.from_ms);
  const points = facts.map((fact) => {
    const x = ((fact.at_ms - span.from_ms) / length_ms) * width;
    const y = height - (fact.used_bytes / most_bytes) * (height - 2) - 1;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return { path: `M${points.join('L')}`, most_bytes };
}
