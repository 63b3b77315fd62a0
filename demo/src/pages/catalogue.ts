import { addToCart } from '../cart';
import { h, money } from '../dom';
import { type Category, type Product, categories, picture, products } from '../products';
import { track } from '../record';

type Order = 'featured' | 'price-up' | 'price-down' | 'name';

const orders: Record<Order, { label: string; compare: (a: Product, b: Product) => number }> = {
  featured: { label: 'Featured', compare: () => 0 },
  'price-up': { label: 'Price, low to high', compare: (a, b) => a.price_cents - b.price_cents },
  'price-down': { label: 'Price, high to low', compare: (a, b) => b.price_cents - a.price_cents },
  name: { label: 'Name', compare: (a, b) => a.name.localeCompare(b.name) },
};

export function cataloguePage(): HTMLElement {
  let category: Category | 'All' = 'All';
  let order: Order = 'featured';
  let words = '';

  const grid = h('ul', { class: 'product-grid' });
  const count = h('p', { class: 'status', role: 'status' });
  // Cards are kept and moved, so that a replay shows moves and not redraws.
  const cards = new Map(products.map((product) => [product, card(product)]));

  function update(): void {
    const shown = products
      .filter((product) => category === 'All' || product.category === category)
      .filter((product) => product.name.toLowerCase().includes(words))
      .sort(orders[order].compare);
    grid.replaceChildren(...shown.map((product) => cards.get(product)!));
    count.textContent = shown.length === 1 ? '1 thing' : `${shown.length} things`;
  }

  const chips = (['All', ...categories] as const).map((name) =>
    h('button', { type: 'button', class: 'chip', 'aria-pressed': String(name === category), onclick: (event) => {
      category = name;
      for (const chip of chips) chip.setAttribute('aria-pressed', String(chip === event.currentTarget));
      track('Catalogue Filtered', { category });
      update();
    } }, name),
  );
  const search = h('input', { type: 'search', id: 'search', class: 'amp-unmask', placeholder: 'Lamp, stool…', autocomplete: 'off', oninput: () => {
    words = search.value.trim().toLowerCase();
    update();
  } });
  const sort = h('select', { id: 'sort', onchange: () => {
    order = sort.value as Order;
    update();
  } }, ...Object.entries(orders).map(([value, { label }]) => h('option', { value }, label)));

  update();
  return h('div', {},
    h('section', { class: 'hero' },
      h('h1', {}, 'Things for a calm house'),
      h('p', {}, 'Twelve objects, drawn by hand, held in no warehouse.'),
    ),
    h('div', { class: 'toolbar' },
      h('div', { class: 'chips', role: 'group', 'aria-label': 'Category' }, ...chips),
      h('label', { for: 'search' }, 'Search', search),
      h('label', { for: 'sort' }, 'Sort', sort),
    ),
    count,
    grid,
  );
}

function card(product: Product): HTMLElement {
  const add = h('button', { type: 'button', class: 'button small', 'aria-label': `Add ${product.name} to cart`, onclick: () => {
    addToCart(product.slug);
    track('Product Added', { slug: product.slug });
    add.textContent = 'Added';
    setTimeout(() => (add.textContent = 'Add'), 1200);
  } }, 'Add');
  return h('li', { class: 'product-card' },
    h('a', { href: `/demo/product/${product.slug}` }, picture(product), h('span', { class: 'product-name' }, product.name)),
    h('div', { class: 'product-buy' }, h('span', {}, money(product.price_cents)), add),
  );
}
