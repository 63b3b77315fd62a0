// The cart lives in the tab, so that a reload and the about page keep it.
import { type Product, productBySlug } from './products';

export interface Line {
  product: Product;
  quantity: number;
}

const storageKey = 'fennick-cart';
const maxQuantity = 9;

function read(): Record<string, number> {
  try {
    return JSON.parse(sessionStorage.getItem(storageKey) ?? '{}') as Record<string, number>;
  } catch {
    return {};
  }
}

export function lines(): Line[] {
  return Object.entries(read()).flatMap(([slug, quantity]) => {
    const product = productBySlug(slug);
    return product ? [{ product, quantity }] : [];
  });
}

/** Zero removes the product. */
export function setQuantity(slug: string, quantity: number): void {
  const quantities = read();
  if (quantity <= 0) delete quantities[slug];
  else quantities[slug] = Math.min(quantity, maxQuantity);
  sessionStorage.setItem(storageKey, JSON.stringify(quantities));
  showCount();
}

export function addToCart(slug: string): void {
  setQuantity(slug, (read()[slug] ?? 0) + 1);
}

export function emptyCart(): void {
  sessionStorage.removeItem(storageKey);
  showCount();
}

export function totalCents(): number {
  return lines().reduce((sum, line) => sum + line.product.price_cents * line.quantity, 0);
}

/** Writes the number of things in the cart into the header. */
export function showCount(): void {
  const count = lines().reduce((sum, line) => sum + line.quantity, 0);
  const link = document.getElementById('cart-link');
  if (link) link.textContent = `Cart (${count})`;
}
