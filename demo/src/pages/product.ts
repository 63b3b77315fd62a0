import { addToCart } from '../cart';
import { h, money } from '../dom';
import { picture, productBySlug, products } from '../products';
import { track } from '../record';

interface Page {
  title: string;
  content: HTMLElement;
}

export function productPage(slug: string): Page {
  const product = productBySlug(slug);
  if (!product) return missingPage();
  const status = h('p', { class: 'status', role: 'status' });
  const related = products.filter((other) => other.category === product.category && other !== product).slice(0, 3);
  track('Product Viewed', { slug });
  const content = h('div', {},
    h('p', { class: 'crumbs' }, h('a', { href: '/demo/' }, 'Catalogue'), ` / ${product.category}`),
    h('article', { class: 'product-detail' },
      picture(product),
      h('div', {},
        h('h1', {}, product.name),
        h('p', { class: 'price' }, money(product.price_cents)),
        h('p', {}, product.description),
        h('div', { class: 'actions' },
          h('button', { type: 'button', class: 'button', onclick: () => {
            addToCart(product.slug);
            track('Product Added', { slug });
            status.textContent = `${product.name} is in your cart.`;
          } }, 'Add to cart'),
          // Dead on purpose: it looks like a button and does nothing.
          h('button', { type: 'button', class: 'button quiet' }, 'Compare'),
        ),
        status,
        h('details', {}, h('summary', {}, 'Care and delivery'), h('p', {}, 'Dust it. Delivered in no days, since it does not exist.')),
      ),
    ),
    h('h2', {}, 'Near it on the shelf'),
    h('ul', { class: 'product-grid' }, ...related.map((other) => h('li', { class: 'product-card' },
      h('a', { href: `/demo/product/${other.slug}` }, picture(other), h('span', { class: 'product-name' }, other.name)),
    ))),
  );
  return { title: product.name, content };
}

export function missingPage(): Page {
  const content = h('div', { class: 'prose' },
    h('h1', {}, 'No such page'),
    h('p', {}, h('a', { href: '/demo/' }, 'Back to the catalogue')),
  );
  return { title: 'No such page', content };
}
