// Web components with shadow roots, slots, constructed sheets and templates (Lit).
import { css, html, LitElement } from 'lit';
import { repeat } from 'lit/directives/repeat.js';

class Item extends LitElement {
  static override properties = { label: {} };
  static override styles = css`:host { display: block; color: rgb(9, 8, 7); } b { font-size: 20px; }`;
  label = '';
  override render() {
    return html`<b>${this.label}</b><slot></slot>`;
  }
}
class List extends LitElement {
  static override properties = { items: {}, isOpen: {} };
  static override styles = css`section { padding-left: 12px; }`;
  items = ['a', 'b', 'c'];
  isOpen = false;
  override render() {
    return html`<section>${repeat(this.items, (item) => item, (item) => html`<x-item .label=${item}>light ${item}</x-item>`)}</section>
      ${this.isOpen ? html`<dialog open><input .value=${this.items.join()}></dialog>` : null}`;
  }
}
customElements.define('x-item', Item);
customElements.define('x-list', List);

export const start = (stage: Element) => {
  stage.innerHTML = '<x-list></x-list>';
};
const list = () => document.querySelector<List>('x-list')!;
export const steps = [
  () => (list().items = ['c', 'a', 'd', 'b']),
  () => (list().isOpen = true),
  () => (list().items = ['d']),
  () => (list().shadowRoot!.querySelector('x-item')!.append('more light')),
  () => void ((list().isOpen = false), (list().items = [])),
].map((step) => async () => {
  step();
  await list().updateComplete;
});
