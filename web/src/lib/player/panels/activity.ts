import type { Fact, FrustrationFact, TimeSpan } from '$lib/api/types';
import { durationText } from '$lib/format/duration';
import { pageLabel } from '$lib/format/address';
import { elementName } from '../element-name';
import type { Shape } from '../marker-bins';
import { vitalText } from './performance';

export const activity_kinds = [
  'page_view',
  'click',
  'touch',
  'input',
  'resize',
  'visibility',
  'custom',
  'frustration',
  'feedback',
  'web_vital',
  'error',
] as const;

export type Group = 'pages' | 'clicks' | 'input' | 'events' | 'problems' | 'other';

export const group_names: Record<Group, string> = {
  pages: 'Pages',
  clicks: 'Clicks',
  input: 'Input',
  events: 'Events',
  problems: 'Problems',
  other: 'Other',
};

/** One line of the story. `what` is the emphasised part in the middle of the sentence. */
export interface Line {
  at_ms: number;
  group: Group;
  shape: Shape;
  before: string;
  what: string;
  after: string;
  fact: Fact | null;
}

export function lineOf(fact: Fact): Line {
  const line = (group: Group, shape: Shape, before: string, what = '', after = ''): Line => ({
    at_ms: fact.at_ms,
    group,
    shape,
    before,
    what,
    after,
    fact,
  });
  switch (fact.kind) {
    case 'page_view':
      return line('pages', 'navigation', verbOfVisit(fact.via), pageLabel(fact.href));
    case 'click':
    case 'touch': {
      const verb = fact.kind === 'touch' || fact.pointer === 'touch' ? 'Tapped' : 'Clicked';
      const target = elementName(fact) ?? 'the page';
      if (fact.rage > 0) return line('problems', 'frustration', `Rage click ×${fact.rage} on`, target);
      if (fact.dead) return line('problems', 'dead', 'Dead click on', target, 'nothing changed');
      if (fact.error_after_ms !== undefined) return line('problems', 'frustration', verb, target, 'an error followed');
      if (fact.slow) return line('problems', 'frustration', verb, target, `answered after ${durationText(fact.changed_after_ms ?? 0)}`);
      return line('clicks', 'click', verb, target);
    }
    case 'input': {
      const where = elementName(fact) ?? 'a field';
      const length = `${fact.length} character${fact.length === 1 ? '' : 's'}`;
      return line('input', 'click', 'Typed in', where, fact.masked ? `${length}, masked` : length);
    }
    case 'resize':
      return line('other', 'click', 'Window is now', `${fact.width}×${fact.height}`);
    case 'visibility':
      return line('other', 'click', fact.visible ? 'Came back to the page' : 'Left for another tab or program');
    case 'custom':
      return line('events', 'custom', '', fact.tag);
    case 'event':
      return line('events', 'custom', '', fact.generated_name ?? fact.event_type);
    case 'feedback':
      return line('events', 'comment', 'Feedback', '');
    case 'frustration':
      return frustrationLine(fact, line);
    case 'web_vital':
      return line('other', 'vital', fact.name, vitalText(fact.name, fact.value), fact.rating?.replace(/[-_]/g, ' ') ?? '');
    case 'error':
      return line('problems', 'error', fact.name, fact.message);
    default:
      return line('other', 'click', fact.kind.replace(/_/g, ' '));
  }
}

function frustrationLine(
  fact: FrustrationFact,
  line: (group: Group, shape: Shape, before: string, what?: string, after?: string) => Line,
): Line {
  const lasted = durationText(fact.until_ms - fact.at_ms);
  const label = fact.label ?? '';
  switch (fact.signal) {
    case 'thrashed_cursor':
      return line('problems', 'frustration', 'Thrashed cursor', `${fact.count} turns`, `in ${lasted}`);
    case 'quick_back':
      return line('problems', 'frustration', 'Went back at once from', pageLabel(label), `after ${lasted}`);
    case 'endless_spinner':
      return line('problems', 'frustration', 'Spinner for', lasted);
    case 'broken_image':
      return line('problems', 'network', 'Broken image', pageLabel(label));
    case 'blank_page':
      return line('problems', 'frustration', 'Blank page for', lasted);
  }
}

function verbOfVisit(via: string): string {
  if (via === 'load') return 'Opened';
  if (via === 'back_forward') return 'Went back or forward to';
  return 'Went to';
}

/** A tap is recorded as a touch, and then as the click that the browser makes of it. */
function isSameTap(touch: Fact & { kind: 'touch' }, click: Fact & { kind: 'click' }): boolean {
  return click.pointer === 'touch' && click.at_ms - touch.at_ms < 1_000 && click.selector === touch.selector;
}

/** The story with the pauses in it. Runs of typing in one field are one line. */
export function activityLines(facts: Fact[], idle: TimeSpan[]): Line[] {
  const lines: Line[] = [];
  for (const fact of facts) {
    const last = lines.at(-1)?.fact;
    if (fact.kind === 'input' && last?.kind === 'input' && last.node_id === fact.node_id) {
      lines[lines.length - 1] = { ...lineOf(fact), at_ms: lines.at(-1)?.at_ms ?? fact.at_ms };
    } else if (fact.kind === 'click' && last?.kind === 'touch' && isSameTap(last, fact)) {
      lines[lines.length - 1] = lineOf(fact);
    } else lines.push(lineOf(fact));
  }
  for (const span of idle) {
    lines.push({
      at_ms: span.from_ms,
      group: 'other',
      shape: 'click',
      before: 'Idle for',
      what: durationText(span.to_ms - span.from_ms),
      after: '',
      fact: null,
    });
  }
  return lines.sort((a, b) => a.at_ms - b.at_ms);
}

export function textOf(line: Line): string {
  return [line.before, line.what, line.after && `(${line.after})`].filter(Boolean).join(' ');
}

/** Every word typed in the filter has to be somewhere in the line or in what is known of it. */
export function matches(text: string, filter: string): boolean {
  const hay = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => hay.includes(word));
}

export function searchText(line: Line): string {
  const { fact } = line;
  const more =
    fact?.kind === 'event' ? `${fact.event_type} ${JSON.stringify(fact.properties)}` : fact?.kind === 'custom' ? JSON.stringify(fact.payload) : '';
  const selector = fact && 'selector' in fact ? (fact.selector ?? '') : '';
  return `${textOf(line)} ${selector} ${more ?? ''}`;
}

