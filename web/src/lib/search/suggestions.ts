// What the field of the filter bar offers, from what is typed in it.
import { meaningOf, operatorsOf, quoted, readTyped, type FieldType } from './filter-text';
import { namesLike, recentFilters, valuesLike, type Suggestion } from './search-api';

export interface Offer {
  group: string;
  text: string;
  detail?: string;
  /** What stands in the field after it was taken. */
  typed: string;
  /** The condition is complete. */
  is_complete: boolean;
}

const groups: Record<Suggestion['kind'], string> = {
  field: 'Replay',
  label: 'Tags and user properties',
  happening: 'Happened',
  event: 'Events',
  named_event: 'Named events',
  event_property: 'Event properties',
  custom: 'Custom events',
};

/** Types of names that were offered, so that their operators can be. */
const types = new Map<string, FieldType>();

export const typeOf = (name: string): FieldType => types.get(name) ?? 'any';

export async function offersFor(project_id: number, typed: string, signal: AbortSignal): Promise<Offer[]> {
  const now = readTyped(typed);
  if (now.awaits === 'operator') return operatorOffers(now.name, now.rest);
  if (now.awaits === 'nothing') return [];
  if (now.awaits === 'value') {
    const { values } = await valuesLike(project_id, now.name, now.rest.replace(/^"|"$/g, ''), signal);
    return values.map(({ value, count, text }) => ({
      group: 'Values',
      text: String(value),
      detail: `${count}`,
      typed: `${now.name} ${now.operator} ${text}`,
      is_complete: true,
    }));
  }
  const { names } = await namesLike(project_id, now.name, signal);
  const offers = names.map((found): Offer => {
    if (found.type) types.set(found.filter, found.type);
    const is_complete = ['event', 'named_event', 'custom'].includes(found.kind);
    return {
      group: groups[found.kind],
      text: found.name,
      detail: found.kind === 'field' || found.kind === 'label' ? (found.type ?? undefined) : undefined,
      typed: is_complete ? found.filter : `${found.filter} `,
      is_complete,
    };
  });
  if (!now.name) return [...recentFilters().map(recentOffer), ...offers];
  const words = now.name.replace(/^"|"$/g, '');
  const on_screen: Offer = {
    group: 'Text on screen',
    text: `“${words}”`,
    detail: 'was to be seen',
    typed: `text = "${words.replace(/["\\]/g, '\\$&')}"`,
    is_complete: true,
  };
  // Several words are no name: they are what somebody saw.
  return words.includes(' ') ? [on_screen, ...offers] : [...offers, on_screen];
}

const recentOffer = (text: string): Offer => ({ group: 'Recent', text, typed: text, is_complete: true });

function operatorOffers(name: string, rest: string): Offer[] {
  if (name.endsWith(')')) return [];
  return operatorsOf(typeOf(name))
    .filter((operator) => operator.startsWith(rest.toLowerCase()) || meaningOf(operator).startsWith(rest.toLowerCase()))
    .map((operator) => ({
      group: name,
      text: operator,
      detail: meaningOf(operator),
      typed: `${name} ${operator}${operator === 'exists' || operator === 'missing' ? '' : ' '}`,
      is_complete: operator === 'exists' || operator === 'missing',
    }));
}

/** What is typed as the condition that was probably meant: bare words are text on screen. */
export function asCondition(typed: string): string {
  const now = readTyped(typed);
  const is_bare = now.awaits === 'name' || (now.awaits === 'operator' && !now.name.endsWith(')'));
  return is_bare && !/[()=<>]/.test(typed) ? `text = ${quoted(typed.trim().replace(/^"|"$/g, ''))}` : typed.trim();
}
