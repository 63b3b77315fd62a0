import { expect, test } from 'vitest';
import { elementName, markerText } from './element-name';

test.each([
  [{ label: 'Pay now', selector: 'button' }, 'Pay now'],
  [{ text: 'Read more', tag: 'a' }, 'Read more'],
  [{ selector: 'main > div.MuiBox-root > span.MuiSwitch-root > input[type="checkbox"][name="terms"]' }, 'checkbox terms'],
  [{ selector: 'form > input[type="text"].css-1x5jdmq' }, 'field'],
  [{ selector: 'div#root > ul.menu > li.entry', tag: 'li' }, 'list item entry'],
  [{ selector: 'div#root > svg', tag: 'path' }, 'icon'],
  [{ selector: 'section > div.card', role: 'tab' }, 'tab card'],
  [{ selector: 'div.sc-bdVaJa', tag: 'div' }, 'div'],
  [{ selector: 'a[data-testid="go"]' }, 'link go'],
  [{ label: 'x'.repeat(100) }, `${'x'.repeat(59)}…`],
  [{}, null],
])('%o is called %s', (fact, name) => {
  expect(elementName(fact)).toBe(name);
});

test('a marker shows what was said, and no selector', () => {
  expect(markerText('Order now')).toBe('Order now');
  expect(markerText('main > form > input[type="radio"]')).toBe('radio');
});
