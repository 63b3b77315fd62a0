// What an SDK would have said of an element if somebody had clicked it: for naming events.
import type { PickedElement } from '../lib/player/stage-protocol';
import { elementOf } from './inspect';
import type { Screen } from './screen';

/** What SDKs take for what was meant when something inside of it is clicked. */
const meant = 'a, button, input, select, textarea, label, summary, [role="button"], [role="link"]';
/** The server compares no more of a value. */
const value_limit = 500;

export function describe(screen: Screen, node_id: number): PickedElement | null {
  const found = elementOf(screen, node_id);
  const element = found?.closest(meant) ?? found;
  if (!element) return null;
  const attribute = (name: string) => (element.getAttribute(name) ?? '').slice(0, value_limit);
  return {
    tag: element.localName,
    text: ((element as HTMLElement).innerText ?? '').slice(0, value_limit),
    id: attribute('id'),
    class: attribute('class').replace(/(^|\s):hover(?=\s|$)/g, '').trim(),
    href: element.localName === 'a' ? attribute('href') : '',
    aria_label: attribute('aria-label'),
  };
}
