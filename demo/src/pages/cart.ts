import { type Line, lines, setQuantity, totalCents } from '../cart';
import { h, money } from '../dom';
import { picture } from '../products';

export function cartPage(): HTMLElement {
  const page = h('div', { class: 'narrow' });

  function update(): void {
    const content = lines();
    page.replaceChildren(
      h('h1', {}, 'Cart'),
      content.length === 0
        ? h('p', {}, 'Your cart is empty. ', h('a', { href: '/demo/' }, 'Find something'))
        : filledCart(content, update),
    );
  }

  update();
  return page;
}

function filledCart(content: Line[], update: () => void): HTMLElement {
  return h('div', {},
    h('ul', { class: 'cart-lines' }, ...content.map((line) => cartLine(line, update))),
    h('p', { class: 'cart-total' }, 'Total ', h('strong', {}, money(totalCents()))),
    couponForm(),
    giftCard(),
    h('p', {}, h('a', { class: 'button', href: '/demo/checkout' }, 'Go to checkout')),
  );
}

function cartLine({ product, quantity }: Line, update: () => void): HTMLElement {
  const change = (to: number) => () => {
    setQuantity(product.slug, to);
    update();
  };
  return h('li', {},
    picture(product),
    h('a', { href: `/demo/product/${product.slug}` }, product.name),
    h('div', { class: 'stepper', role: 'group', 'aria-label': `Quantity of ${product.name}` },
      h('button', { type: 'button', 'aria-label': `One ${product.name} less`, onclick: change(quantity - 1) }, '−'),
      h('output', {}, String(quantity)),
      h('button', { type: 'button', 'aria-label': `One ${product.name} more`, onclick: change(quantity + 1) }, '+'),
    ),
    h('span', { class: 'line-price' }, money(product.price_cents * quantity)),
    h('button', { type: 'button', class: 'link', 'aria-label': `Remove ${product.name}`, onclick: change(0) }, 'Remove'),
  );
}

/** Always fails: the coupon service of this shop is down. */
function couponForm(): HTMLElement {
  const message = h('p', { class: 'status error', role: 'status' });
  const code = h('input', { id: 'coupon', name: 'coupon', class: 'amp-unmask', autocomplete: 'off', required: true });
  return h('form', { class: 'coupon', 'aria-label': 'Coupon', onsubmit: async (event) => {
    event.preventDefault();
    message.textContent = 'Checking…';
    const answer = await fetch('/demo/api/fail');
    console.error(`coupon service answered ${answer.status}`);
    message.textContent = `The coupon “${code.value}” could not be checked. The service answered ${answer.status}.`;
  } },
    h('label', { for: 'coupon' }, 'Coupon'),
    h('div', { class: 'inline' }, code, h('button', { class: 'button quiet' }, 'Apply')),
    message,
  );
}

/** Blocked in the recording: a replay shows an empty box of this size. */
function giftCard(): HTMLElement {
  return h('section', { class: 'gift-card amp-block', 'aria-label': 'Your gift card' },
    h('p', {}, 'Your gift card'),
    h('p', { class: 'gift-card-code' }, 'FNK-7731-QUAY'),
    h('p', {}, 'Balance €25.00'),
  );
}
