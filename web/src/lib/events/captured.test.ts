import { describe, expect, it } from 'vitest';
import type { PickedElement } from '$lib/player/stage-protocol';
import { countedText, filterOf } from './api';
import { conditionsOf, familyOf, kinds, matcherOf, matcherText, nameOf } from './captured';

const button: PickedElement = { tag: 'button', text: 'Pay now', id: 'pay', class: 'primary big', href: '', aria_label: 'Pay' };
const page = 'https://shop.example/cart?step=2#top';
const used = (family: 'amplitude' | 'posthog', picked: PickedElement, href = page) =>
  conditionsOf(family, picked, href).filter((it) => it.used).map(({ property, op, value }) => [property, op, value]);

describe('what captured events say of an element', () => {
  it('is in the words of the SDK, with what can be read chosen already', () => {
    expect(used('amplitude', button)).toEqual([
      ['[Amplitude] Element Text', '=', 'Pay now'],
      ['[Amplitude] Element Tag', '=', 'button'],
      ['[Amplitude] Page URL', 'like', '*://*/cart'],
    ]);
    expect(used('posthog', button)).toEqual([
      ['$el_text', '=', 'Pay now'],
      ['$elements_chain', 'like', 'button*'],
      ['$pathname', '=', '/cart'],
    ]);
    expect(conditionsOf('amplitude', button, page).map((it) => it.label)).toEqual(['Text', 'Label', 'Tag', 'Id', 'Class', 'Page']);
    expect([familyOf('posthog'), familyOf('amplitude'), familyOf('rrweb')]).toEqual(['posthog', 'amplitude', 'amplitude']);
  });

  it('takes the first line of a text, for browsers put lines together differently', () => {
    const [text] = conditionsOf('amplitude', { ...button, text: '\n  Pay now \n 12 €' }, page);
    expect([text?.op, text?.value]).toEqual(['contains', 'Pay now']);
  });

  it('takes no masked text, and no page without an address', () => {
    const masked = { ...button, text: '*** ***', aria_label: '' };
    for (const href of ['', 'no address', 'about:blank', 'data:text/html,x']) {
      expect(used('amplitude', masked, href)).toEqual([
        ['[Amplitude] Element Tag', '=', 'button'],
        ['[Amplitude] Element ID', '=', 'pay'],
      ]);
    }
  });

  it('becomes a matcher of what is used, and of a page only the page', () => {
    const [clicked, , viewed] = kinds.amplitude;
    const conditions = conditionsOf('amplitude', button, page);
    for (const it of conditions) it.used = it.label === 'Id' || it.label === 'Page';
    conditions[3] = { ...conditions[3]!, op: 'exists' };
    const on_page = { property: '[Amplitude] Page URL', op: 'like', value: '*://*/cart' };
    expect(matcherOf(clicked!, conditions)).toEqual({
      event_type: '[Amplitude] Element Clicked',
      where: [{ property: '[Amplitude] Element ID', op: 'exists' }, on_page],
    });
    expect(matcherOf(viewed!, conditions)).toEqual({ event_type: '[Amplitude] Page Viewed', where: [on_page] });
    expect(matcherOf(kinds.posthog[1]!, []).where).toEqual([{ property: '$event_type', op: '=', value: 'change' }]);
  });

  it('is shown in words', () => {
    const conditions = conditionsOf('amplitude', button, page);
    expect(nameOf(kinds.amplitude[0]!, conditions)).toBe('Clicked Pay now');
    expect(nameOf(kinds.amplitude[2]!, conditions)).toBe('Viewed /cart');
    expect(nameOf(kinds.amplitude[0]!, conditionsOf('amplitude', { ...button, text: 'x'.repeat(500) }, page))).toHaveLength(100);
    expect(matcherText(matcherOf(kinds.amplitude[0]!, conditions))).toBe(
      'Element Clicked, Element Text = "Pay now", Element Tag = "button", Page URL like "*://*/cart"',
    );
    expect(filterOf('Say "\\o/"')).toBe('event("Say \\"\\\\o/\\"")');
    expect(countedText({ count: 1, days: 30, last_seen_on: '2026-01-31' })).toBe('1 event in the last 30 days, last on 2026-01-31');
  });
});
