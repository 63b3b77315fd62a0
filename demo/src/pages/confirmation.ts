import { h } from '../dom';

export function confirmationPage(order: string): HTMLElement {
  return h('div', { class: 'narrow' },
    h('h1', {}, 'Thank you'),
    h('p', {}, 'Your order ', h('strong', {}, decodeURIComponent(order)), ' will not be sent, because there is nothing to send.'),
    h('p', {}, 'You can still press “Track my parcel” below and see what happens.'),
    h('p', {}, h('a', { class: 'button', href: '/demo/' }, 'Back to the catalogue')),
  );
}
