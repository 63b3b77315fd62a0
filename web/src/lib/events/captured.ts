// From an element of a recorded page to what the SDKs' captured events say of it, each in its own
// words, and from there to a matcher of a named event.
import type { EventMatcher } from '@reenact/client/schema';
import type { PickedElement } from '$lib/player/stage-protocol';

export const ops = ['=', 'contains', 'like', 'exists'] as const;
export type Op = (typeof ops)[number];
export const op_words: Record<Op, string> = { '=': 'is', contains: 'contains', like: 'is like (* is anything)', exists: 'is there' };

export interface Condition {
  label: string;
  property: string;
  op: string;
  value: string;
  /** Only these become part of the matcher. */
  used: boolean;
}

export interface Kind {
  label: string;
  event_type: string;
  /** What tells it from others of the same type. */
  fixed: EventMatcher['where'];
  /** It is about a page, not about an element. */
  is_page: boolean;
}

type Family = 'amplitude' | 'posthog';

const posthog = (label: string, type: string): Kind => ({
  label,
  event_type: '$autocapture',
  fixed: [{ property: '$event_type', op: '=', value: type }],
  is_page: false,
});

export const kinds: Record<Family, Kind[]> = {
  amplitude: [
    { label: 'Clicked', event_type: '[Amplitude] Element Clicked', fixed: [], is_page: false },
    { label: 'Changed', event_type: '[Amplitude] Element Changed', fixed: [], is_page: false },
    { label: 'Page viewed', event_type: '[Amplitude] Page Viewed', fixed: [], is_page: true },
  ],
  posthog: [
    posthog('Clicked', 'click'),
    posthog('Changed', 'change'),
    { label: 'Page viewed', event_type: '$pageview', fixed: [], is_page: true },
  ],
};

/** Other recorders capture no events; those that come beside them are most often Amplitude's. */
export const familyOf = (source: string): Family => (source.startsWith('posthog') ? 'posthog' : 'amplitude');

/** Text of several lines is put together in other ways by each browser: its first line is enough. */
function textTest(text: string): { op: Op; value: string } {
  const lines = text.split(/\n|\t/).map((line) => line.trim());
  const first = lines.find((line) => line !== '') ?? '';
  return { op: first === text ? '=' : 'contains', value: first };
}

/** Masked texts are the same for many elements, and were masked for a reason. */
const is_masked = (text: string) => text !== '' && /^[*•\s]+$/.test(text);

function pathOf(href: string): string {
  try {
    const { protocol, pathname } = new URL(href);
    return protocol.startsWith('http') ? pathname : '';
  } catch {
    return '';
  }
}

/** What may be asked of the events of a picked element; what tells it best is used already. */
export function conditionsOf(family: Family, picked: PickedElement, page_href: string): Condition[] {
  const text = is_masked(picked.text) ? { op: '=' as Op, value: '' } : textTest(picked.text);
  const path = pathOf(page_href);
  // What somebody can read tells it best; then what a developer called it.
  const best = text.value ? 'Text' : picked.aria_label ? 'Label' : picked.id ? 'Id' : picked.href ? 'Link' : 'Class';
  const condition = (label: string, property: string, op: Op, value: string): Condition => ({
    label,
    property,
    op,
    value,
    used: label === best || label === 'Tag' || label === 'Page',
  });
  const all = family === 'amplitude' ? ofAmplitude(picked, text, path, condition) : ofPostHog(picked, text, path, condition);
  return all.filter(({ value }) => value !== '');
}

type Make = (label: string, property: string, op: Op, value: string) => Condition;

function ofAmplitude(picked: PickedElement, text: { op: Op; value: string }, path: string, make: Make): Condition[] {
  const element = (name: string) => `[Amplitude] Element ${name}`;
  return [
    make('Text', element('Text'), text.op, text.value),
    make('Label', element('Aria Label'), '=', picked.aria_label),
    make('Tag', element('Tag'), '=', picked.tag),
    make('Id', element('ID'), '=', picked.id),
    make('Class', element('Class'), 'contains', picked.class),
    // It is sent as a whole address, cut after 128 signs.
    make('Link', element('Href'), 'contains', picked.href.slice(0, 100)),
    // Without the query, which is not sent.
    make('Page', '[Amplitude] Page URL', 'like', path && `*://*${path}`),
  ];
}

/** PostHog sends an element and those around it as one text, the element first. */
function ofPostHog(picked: PickedElement, text: { op: Op; value: string }, path: string, make: Make): Condition[] {
  const chain = '$elements_chain';
  const attribute = (name: string, value: string) => value && `attr__${name}="${value}"`;
  return [
    make('Text', '$el_text', text.op, text.value),
    make('Label', chain, 'contains', attribute('aria-label', picked.aria_label)),
    make('Tag', chain, 'like', picked.tag && `${picked.tag}*`),
    make('Id', chain, 'contains', attribute('id', picked.id)),
    make('Class', chain, 'contains', attribute('class', picked.class)),
    make('Link', chain, 'contains', attribute('href', picked.href)),
    make('Page', '$pathname', '=', path),
  ];
}

export function matcherOf(kind: Kind, conditions: readonly Condition[]): EventMatcher {
  const fitting = conditions.filter(({ label, used, property }) => used && property && (!kind.is_page || label === 'Page'));
  const tests = fitting.map(({ property, op, value }) => (op === 'exists' ? { property, op } : { property, op, value }));
  return { event_type: kind.event_type, where: [...kind.fixed, ...tests] };
}

/** A name that says what it is, to begin with. */
export function nameOf(kind: Kind, conditions: readonly Condition[]): string {
  const said = kind.is_page ? ['Page'] : ['Text', 'Label', 'Id', 'Class'];
  const by = said.flatMap((label) => conditions.find((it) => it.label === label)?.value ?? [])[0];
  const what = by?.replace(/^\*:\/\/\*/, '') ?? '';
  return `${kind.label === 'Page viewed' ? 'Viewed' : kind.label} ${what}`.trim().slice(0, 100);
}

/** In a line, as a filter says it. */
export function matcherText({ event_type, where }: EventMatcher): string {
  const tests = where.map(({ property, op, value, values, to }) => {
    const shown = values ? `(${values.join(', ')})` : [value, to].filter((it) => it !== undefined).map((it) => JSON.stringify(it)).join(' to ');
    return `${property.replace(/^\[Amplitude\] /, '')} ${op} ${shown}`.trim();
  });
  return [event_type.replace(/^\[Amplitude\] /, ''), ...tests].join(', ');
}
