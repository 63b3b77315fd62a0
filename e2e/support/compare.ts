// Compares a live page with what the player rebuilds from its recording.
//
// A recording differs from the page on purpose in some points. They are listed
// here, each as one small change applied to both descriptions; whatever still
// differs afterwards is a fault.
import type { ElementNode, PageNode, PageRoot } from './page-tree';

export type Recorder = 'amplitude' | 'upstream' | 'sentry' | 'posthog';

interface Surroundings {
  side: 'live' | 'rebuilt';
  recorder: Recorder;
  base: string;
  masked: boolean;
  unmasked: boolean;
  in_head: boolean;
}

interface Exception {
  what: string;
  /** Returns the changed node, or nothing to leave it out. */
  apply(node: PageNode, around: Surroundings): PageNode | undefined;
}

const element = (change: (node: ElementNode, around: Surroundings) => ElementNode | undefined): Exception['apply'] =>
  (node, around) => (node.kind === 'element' ? change(node, around) : node);

const without = (node: ElementNode, leaves: (name: string) => boolean): ElementNode => ({
  ...node,
  attributes: Object.fromEntries(Object.entries(node.attributes).filter(([name]) => !leaves(name))),
});

const stars = (text: string) => text.replace(/\S/gu, (character) => '*'.repeat(character.length));

const clearInputTypes = ['hidden', 'submit', 'button', 'reset', 'checkbox', 'radio', 'image'];

function isBlocked(node: ElementNode): boolean {
  return /(^|\s)amp-block(\s|$)/.test(node.attributes.class ?? '') || 'data-amp-block' in node.attributes;
}

export const exceptions: Exception[] = [
  {
    what: 'nodes that the player itself adds',
    apply: element((node) => (node.made_by_player && node.tag === 'style' ? undefined : node)),
  },
  {
    what: 'scripts are not recorded, or are recorded as noscript with a placeholder',
    apply: element((node) => (node.tag === 'script' || node.tag === 'noscript' ? undefined : node)),
  },
  {
    what: 'slim snapshots leave out comments, icons, descriptions and white space of the head',
    apply: (node, { in_head }) => {
      if (node.kind === 'comment') return undefined;
      if (node.kind === 'text' && in_head && !node.text.trim()) return undefined;
      if (node.kind !== 'element') return node;
      if (node.tag === 'link' && /icon/.test(node.attributes.rel ?? '')) return undefined;
      if (node.tag === 'meta' && node.attributes.name === 'description') return undefined;
      return node;
    },
  },
  {
    what: 'linked sheets become style elements; their text differs, their rules do not',
    apply: element((node) =>
      node.rules ? { ...node, tag: 'style', children: [], attributes: {}, rules: node.rules.map(withoutHoverCopy) } : node,
    ),
  },
  {
    what: 'the player marks hovered elements and its own state with classes',
    apply: element((node, { side }) => {
      const fromPlayer = (name: string) => side === 'rebuilt' && (name === ':hover' || name === 'rrweb-paused');
      const kept = (node.attributes.class ?? '').split(/\s+/).filter((name) => name && !fromPlayer(name));
      return kept.length ? { ...node, attributes: { ...node.attributes, class: kept.join(' ') } } : without(node, (name) => name === 'class');
    }),
  },
  {
    what: 'attributes that only the recorder and the player use',
    apply: element((node) => without(node, (name) => name.startsWith('rr_') || name.startsWith('data-rr-'))),
  },
  {
    what: 'addresses are recorded absolute; a fragment belongs to the address before the route changed',
    apply: element((node, { base }) => {
      const attributes = { ...node.attributes };
      for (const name of ['href', 'src']) {
        if (attributes[name] === undefined) continue;
        const url = new URL(attributes[name], base);
        attributes[name] = url.hash || url.href;
      }
      return { ...node, attributes };
    }),
  },
  {
    what: 'the player switches autocomplete off so that the browser does not offer saved values',
    apply: element((node) => (node.value === undefined ? node : without(node, (name) => name === 'autocomplete'))),
  },
  {
    what: 'a frame is rebuilt from its recorded document and has no address',
    apply: element((node) => (node.tag === 'iframe' ? without(node, (name) => name === 'src' || name === 'sandbox') : node)),
  },
  {
    what: 'a blocked element is an empty box with its class and its size',
    apply: element((node, { side }) => {
      if (!isBlocked(node)) return node;
      const [width, height] = side === 'live' ? [node.width, node.height] : sizeOf(node.style);
      const { class: classes } = node.attributes;
      return { ...node, attributes: { ...(classes ? { class: classes } : {}), box: `${Math.round(width)}x${Math.round(height)}` }, style: '', children: side === 'live' ? [] : node.children };
    }),
  },
  {
    what: 'values of fields are masked',
    apply: element((node, { side, unmasked, recorder }) => {
      if (node.value === undefined) return node;
      // The attribute says what the field started with, the property what it
      // holds; a recording has one value, which is the property.
      const plain = without(node, (name) => name === 'value' || name === 'checked');
      if (node.tag === 'select') return { ...plain, value: undefined };
      if (node.tag === 'textarea') plain.children = [];
      const clear = unmasked || (node.tag === 'input' && clearInputTypes.includes(node.attributes.type ?? 'text'));
      if (clear) return plain;
      // A masked number is not a number: the browser shows such a field empty.
      if (['number', 'date', 'range', 'color'].includes(node.attributes.type ?? '')) return { ...plain, value: undefined };
      return side === 'live' ? { ...plain, value: recorder === 'amplitude' ? stars(node.value) : '*'.repeat(node.value.length) } : plain;
    }),
  },
  {
    what: 'the chosen option of a masked select is not recorded',
    apply: element((node) => (node.tag === 'option' ? without(node, (name) => name === 'selected') : node)),
  },
  {
    what: 'Sentry masks options, the values of boxes to tick, and attributes that people read',
    apply: element((node, { recorder }) => {
      if (recorder !== 'sentry') return node;
      const plain = without(node, (name) => ['aria-label', 'title', 'placeholder'].includes(name));
      if (node.tag === 'option') return { ...without(plain, (name) => name === 'value'), children: [] };
      return ['checkbox', 'radio'].includes(node.attributes.type ?? '') ? { ...plain, value: undefined } : plain;
    }),
  },
  {
    what: 'masked text is asterisks',
    apply: (node, { side, masked }) => (node.kind === 'text' && side === 'live' && masked ? { ...node, text: stars(node.text) } : node),
  },
];

/** For the upstream player fed with raw events of Amplitude's fork of the recorder. */
export const inlineAdoptedSheets: Exception = {
  what: 'the fork writes adopted sheets into the snapshot, where only its own player looks for them',
  apply: element((node) => (node.shadow_sheets ? { ...node, shadow_sheets: [] } : node)),
};

/** For one upstream player that seeks over several pages; see playback.spec.ts. */
export const windowScroll: Exception = {
  what: 'the upstream player can keep the scroll position of the window when it seeks to another page',
  apply: element((node) => (node.tag === 'html' ? { ...node, scroll_left: 0, scroll_top: 0 } : node)),
};

/** The player adds `a.\:hover` beside each `a:hover`. */
function withoutHoverCopy(rule: string): string {
  return rule.replace(/,\s*[^,{]*\.\\:hover[^,{]*(?=[,{])/g, ' ').replace(/\s+/g, ' ');
}

function sizeOf(style: string): [number, number] {
  const pixels = (name: string) => Number(new RegExp(`(?:^|[;\\s])${name}:\\s*([\\d.]+)px`).exec(style)?.[1] ?? NaN);
  return [pixels('width'), pixels('height')];
}

export interface OutlineOptions {
  more?: Exception[];
  /** Whether the SDK knows `data-amp-mask` and `data-amp-unmask`; 1.50 and older do not. */
  attributeMarks: boolean;
  /** Upstream rrweb knows no unmask marks, and masks white space in values too. */
  recorder?: Recorder;
}

/** One line per node, so that a failing comparison reads as a diff. */
export function outline(root: PageRoot, side: 'live' | 'rebuilt', { more = [], attributeMarks, recorder = 'amplitude' }: OutlineOptions): string {
  const lines: string[] = [];
  const table = [...exceptions, ...more];

  function walkRoot(page: PageRoot, indent: string): void {
    for (const rule of page.sheets) lines.push(`${indent}#sheet ${rule}`);
    walk(page.nodes, indent, { side, recorder, base: page.base, masked: false, unmasked: false, in_head: false });
  }

  function walk(nodes: PageNode[], indent: string, around: Surroundings): void {
    for (const original of nodes) {
      let node: PageNode | undefined = original;
      const own: Surroundings = original.kind === 'element' ? marks(original, around, attributeMarks) : { ...around };
      if (recorder !== 'amplitude') own.unmasked = false;
      for (const exception of table) node = node && exception.apply(node, own);
      if (!node) continue;
      if (node.kind === 'text') lines.push(`${indent}${JSON.stringify(node.text)}`);
      if (node.kind === 'doctype') lines.push(`${indent}#doctype ${node.name}`);
      if (node.kind !== 'element') continue;
      lines.push(indent + head(node));
      for (const rule of node.rules ?? []) lines.push(`${indent}  #rule ${rule}`);
      walk(node.children, `${indent}  `, { ...own, in_head: own.in_head || node.tag === 'head' });
      if (node.shadow) {
        lines.push(`${indent}  #shadow`);
        for (const rule of node.shadow_sheets ?? []) lines.push(`${indent}    #sheet ${rule}`);
        walk(node.shadow, `${indent}    `, own);
      }
      if (node.frame) {
        lines.push(`${indent}  #frame`);
        walkRoot(node.frame, `${indent}    `);
      }
    }
  }

  walkRoot(root, '');
  return lines.join('\n');
}

/** Masking marks reach all descendants; an unmask mark inside a mask has no effect. */
function marks(node: ElementNode, around: Surroundings, attributeMarks: boolean): Surroundings {
  const classes = (node.attributes.class ?? '').split(/\s+/);
  const masked = around.masked || classes.includes('amp-mask') || (attributeMarks && 'data-amp-mask' in node.attributes);
  const unmasked = !masked && (around.unmasked || classes.includes('amp-unmask') || (attributeMarks && 'data-amp-unmask' in node.attributes));
  return { ...around, masked, unmasked };
}

function head(node: ElementNode): string {
  const attributes = Object.entries(node.attributes)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  if (node.style) attributes.push(`style: ${node.style}`);
  if (node.value !== undefined) attributes.push(`value: ${JSON.stringify(node.value)}`);
  if (node.checked) attributes.push('checked');
  if (node.scroll_left || node.scroll_top) attributes.push(`scrolled: ${node.scroll_left},${node.scroll_top}`);
  return `<${[node.tag, ...attributes].join(' ')}>`;
}
