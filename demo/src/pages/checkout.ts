import { emptyCart, lines, totalCents } from '../cart';
import { h, money } from '../dom';
import { identify, track } from '../record';

const countries = ['Choose…', 'Austria', 'Denmark', 'Finland', 'Germany', 'Ireland', 'Norway', 'Portugal', 'Spain'];

interface FieldOptions {
  type?: string;
  autocomplete: string;
  inputmode?: string;
  class?: string;
}

function field(name: string, label: string, options: FieldOptions): HTMLElement {
  return h('p', { class: `field ${options.class ?? ''}`.trim() },
    h('label', { for: name }, label),
    h('input', { id: name, name, required: true, type: options.type ?? 'text', autocomplete: options.autocomplete, inputmode: options.inputmode ?? 'text' }),
  );
}

export function checkoutPage(navigate: (path: string) => void): HTMLElement {
  if (lines().length === 0) {
    return h('div', { class: 'narrow' }, h('h1', {}, 'Checkout'), h('p', {}, 'Your cart is empty. ', h('a', { href: '/demo/' }, 'Find something')));
  }
  const message = h('p', { class: 'status error', role: 'alert' });
  const pay = h('button', { class: 'button' }, `Pay ${money(totalCents())}`);

  async function order(event: Event): Promise<void> {
    event.preventDefault();
    pay.setAttribute('disabled', '');
    message.textContent = '';
    const total_cents = totalCents();
    // The order holds what is bought. Name, address and card stay in the page.
    const answer = await fetch('/demo/api/order', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ total: total_cents / 100, items: lines().map((line) => ({ slug: line.product.slug, quantity: line.quantity })) }),
    });
    pay.removeAttribute('disabled');
    if (!answer.ok) {
      track('Payment Declined', { total_cents, status: answer.status });
      message.textContent = answer.status === 402 ? 'Your card was declined.' : `The order failed with ${answer.status}.`;
      return;
    }
    const { order } = (await answer.json()) as { order: string };
    identify(`customer-${order}`);
    track('Order Completed', { order, total_cents });
    emptyCart();
    navigate(`/demo/confirmation/${encodeURIComponent(order)}`);
  }

  return h('div', { class: 'narrow' },
    h('h1', {}, 'Checkout'),
    h('p', {}, 'Last delivery went to ', h('span', { class: 'amp-mask' }, 'Locker 27, Quay side'), '.'),
    h('form', { class: 'checkout', 'aria-label': 'Checkout', name: 'checkout', onsubmit: order },
      h('fieldset', {},
        h('legend', {}, 'You'),
        field('name', 'Name', { autocomplete: 'name' }),
        field('email', 'E-mail', { type: 'email', autocomplete: 'email' }),
        field('address', 'Address', { autocomplete: 'street-address' }),
        h('p', { class: 'field' },
          h('label', { for: 'country' }, 'Country'),
          h('select', { id: 'country', name: 'country', required: true, autocomplete: 'country-name' },
            ...countries.map((country, index) => h('option', { value: index === 0 ? '' : country }, country))),
        ),
      ),
      h('fieldset', {},
        h('legend', {}, 'Card'),
        field('card', 'Card number', { autocomplete: 'cc-number', inputmode: 'numeric' }),
        field('expiry', 'Expires', { autocomplete: 'cc-exp', inputmode: 'numeric', class: 'half' }),
        field('cvc', 'CVC', { autocomplete: 'cc-csc', inputmode: 'numeric', class: 'half' }),
      ),
      h('fieldset', {},
        h('legend', {}, 'Extras'),
        h('p', { class: 'field' }, h('label', { for: 'note' }, 'Gift note'), h('textarea', { id: 'note', name: 'note', rows: 3 })),
        h('p', { class: 'check' }, h('input', { type: 'checkbox', id: 'newsletter', name: 'newsletter' }), h('label', { for: 'newsletter' }, 'Send me the newsletter')),
      ),
      message,
      pay,
    ),
  );
}
