import { svg } from './dom';

export type Category = 'Lamps' | 'Vessels' | 'Seats' | 'Clocks';

export interface Product {
  slug: string;
  name: string;
  category: Category;
  price_cents: number;
  hue: number;
  description: string;
}

// slug, name, category, price in cents, hue of the drawing, description
const rows: [string, string, Category, number, number, string][] = [
  ['marl-lamp', 'Marl table lamp', 'Lamps', 8900, 32, 'A low dome that lights the page and not the room.'],
  ['sill-lamp', 'Sill reading lamp', 'Lamps', 6400, 150, 'Sits on a window sill and bends twice.'],
  ['orrin-lantern', 'Orrin lantern', 'Lamps', 11200, 350, 'Carry it out, hang it up, forget the switch.'],
  ['tarn-bowl', 'Tarn bowl', 'Vessels', 3600, 190, 'Wide, shallow and glazed on the inside only.'],
  ['pell-vase', 'Pell vase', 'Vessels', 4800, 265, 'Made for three stems, patient with one.'],
  ['hod-jug', 'Hod jug', 'Vessels', 4200, 80, 'Pours without the last drop.'],
  ['stoop-chair', 'Stoop chair', 'Seats', 24900, 22, 'A back that gives a little when you lean.'],
  ['trestle-stool', 'Trestle stool', 'Seats', 9800, 210, 'Three legs, so it stands on any floor.'],
  ['lull-bench', 'Lull bench', 'Seats', 31900, 130, 'Room for two and a coat.'],
  ['noon-clock', 'Noon wall clock', 'Clocks', 7600, 48, 'One hand, no hurry.'],
  ['chime-clock', 'Small chime clock', 'Clocks', 8400, 300, 'Rings on the hour, quietly, or not at all.'],
  ['thirteen-tag', 'Thirteen brass tag', 'Clocks', 1300, 44, 'An unlucky number: order it alone and the payment is declined.'],
];

export const products: Product[] = rows.map(([slug, name, category, price_cents, hue, description]) => ({
  slug,
  name,
  category,
  price_cents,
  hue,
  description,
}));

export const categories: Category[] = ['Lamps', 'Vessels', 'Seats', 'Clocks'];

export function productBySlug(slug: string): Product | undefined {
  return products.find((product) => product.slug === slug);
}

const shapes: Record<Category, (dark: string, mid: string) => SVGElement[]> = {
  Lamps: (dark, mid) => [
    svg('path', { d: 'M54 92a46 40 0 0 1 92 0z', fill: dark }),
    svg('rect', { x: 96, y: 92, width: 8, height: 46, fill: mid }),
    svg('rect', { x: 70, y: 138, width: 60, height: 8, rx: 4, fill: dark }),
  ],
  Vessels: (dark, mid) => [
    svg('path', { d: 'M62 62h76c6 50-10 84-38 84s-44-34-38-84z', fill: dark }),
    svg('ellipse', { cx: 100, cy: 62, rx: 38, ry: 9, fill: mid }),
  ],
  Seats: (dark, mid) => [
    svg('rect', { x: 60, y: 44, width: 80, height: 40, rx: 12, fill: mid }),
    svg('rect', { x: 54, y: 94, width: 92, height: 14, rx: 7, fill: dark }),
    svg('path', { d: 'M64 108l-8 40M136 108l8 40', stroke: dark, 'stroke-width': 7, 'stroke-linecap': 'round' }),
  ],
  Clocks: (dark, mid) => [
    svg('circle', { cx: 100, cy: 98, r: 50, fill: dark }),
    svg('circle', { cx: 100, cy: 98, r: 41, fill: mid }),
    svg('path', { d: 'M100 98V68', stroke: dark, 'stroke-width': 6, 'stroke-linecap': 'round' }),
  ],
};

/** A drawing of the product; decorative, the name stands next to it. */
export function picture(product: Product): SVGElement {
  const tone = (saturation: number, lightness: number) => `hsl(${product.hue} ${saturation}% ${lightness}%)`;
  return svg(
    'svg',
    { viewBox: '0 0 200 200', class: 'picture', preserveAspectRatio: 'xMidYMid slice', 'aria-hidden': 'true' },
    svg('rect', { width: 200, height: 200, fill: tone(38, 90) }),
    svg('ellipse', { cx: 100, cy: 152, rx: 66, ry: 8, fill: tone(28, 80) }),
    ...shapes[product.category](tone(36, 34), tone(46, 68)),
  );
}
