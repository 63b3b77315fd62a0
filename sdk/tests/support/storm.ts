// Changes to a page, chosen by name; what a change does is decided by its seed.

/** mulberry32 */
function generator(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const TAGS = ['div', 'p', 'span', 'b', 'section', 'ul', 'li', 'a', 'svg', 'x-thing'];
const WORDS = ['one', 'two', 'drei', 'vier', 'ünï', '<&>', '日本', ' ', '\n'];
const COLORS = ['red', 'rgb(1, 2, 3)', 'blue', 'teal'];

export function createStorm() {
  let random = generator(0);
  const below = (count: number) => Math.floor(random() * count);
  const pick = <T>(list: ArrayLike<T>): T => list[below(list.length)]!;
  const stage = document.querySelector('#stage')!;
  /** Elements taken out, which may come back. */
  const drawer: Element[] = [];
  let count = 0;

  const containers = (): (Element | ShadowRoot)[] => {
    const found: (Element | ShadowRoot)[] = [stage];
    const visit = (root: Element | ShadowRoot) => {
      for (const element of root.querySelectorAll('*')) {
        if (/^(input|textarea|select|option|style|br|iframe)$/.test(element.localName)) continue;
        found.push(element);
        if (element.shadowRoot) {
          found.push(element.shadowRoot);
          visit(element.shadowRoot);
        }
      }
    };
    visit(stage);
    return found;
  };
  const place = () => pick(containers());
  const someElement = (): Element | null => {
    const root = random() < 0.8 ? stage : place();
    const all = root.querySelectorAll('*');
    return all.length ? pick(all) : null;
  };
  const some = <T extends Element>(selector: string): T | null => {
    const all = stage.querySelectorAll<T>(selector);
    return all.length ? pick(all) : null;
  };
  const insert = (node: Node, parent = place()) => {
    for (let above: Node | null = parent; above; above = above.parentNode ?? (above as ShadowRoot).host ?? null) {
      if (above === node) return;
    }
    const before = random() < 0.5 ? null : (pick(parent.childNodes) ?? null);
    parent.insertBefore(node, before);
  };
  const create = (): Element => {
    const tag = pick(TAGS);
    const element =
      tag === 'svg' ? document.createElementNS('http://www.w3.org/2000/svg', 'svg') : document.createElement(tag);
    element.setAttribute('data-n', String(++count));
    if (random() < 0.7) element.append(pick(WORDS));
    if (random() < 0.3) element.append(document.createComment('comment'));
    while (random() < 0.4) element.append(create());
    return element;
  };

  const steps: Record<string, () => void> = {
    add: () => insert(create()),
    addMany: () => {
      const parent = place();
      const fragment = document.createDocumentFragment();
      for (let n = below(8); n >= 0; n--) fragment.append(create(), pick(WORDS));
      parent.insertBefore(fragment, random() < 0.5 ? null : parent.firstChild);
    },
    addScattered: () => {
      const parent = place();
      for (let n = below(5); n >= 0; n--) insert(create(), parent);
    },
    html: () => {
      place().innerHTML = `<p class="c${below(4)}">${below(9)} <b>bold</b></p>text<i></i>`;
    },
    remove: () => someElement()?.remove(),
    takeOut: () => {
      const element = someElement();
      if (element) {
        element.remove();
        drawer.push(element);
      }
    },
    putBack: () => {
      const element = drawer.splice(below(drawer.length), 1)[0];
      if (element) insert(element);
    },
    changeInDrawer: () => {
      if (!drawer.length) return;
      const element = pick(drawer);
      element.append(create());
      element.firstElementChild?.remove();
      element.setAttribute('data-changed', String(below(9)));
    },
    move: () => {
      const element = someElement();
      if (element) insert(element);
    },
    moveChildAndRemoveParent: () => {
      const element = someElement();
      const child = element?.firstElementChild;
      if (!element || !child) return;
      insert(child, stage);
      element.remove();
    },
    wrap: () => {
      const element = someElement();
      if (!element?.parentNode) return;
      const wrapper = document.createElement('div');
      element.replaceWith(wrapper);
      wrapper.append(element);
      wrapper.setAttribute('data-wrap', String(++count));
    },
    unwrap: () => {
      const element = someElement();
      if (element && !/^(select|option|style|textarea)$/.test(element.localName)) element.replaceWith(...element.childNodes);
    },
    swap: () => {
      const element = someElement();
      const next = element?.nextElementSibling;
      if (element && next) next.after(element);
    },
    reverse: () => {
      const parent = place();
      parent.append(...[...parent.childNodes].reverse());
    },
    clear: () => {
      if (random() < 0.2) place().replaceChildren();
    },
    text: () => {
      const element = someElement();
      const text = [...(element?.childNodes ?? [])].find((node) => node.nodeType === Node.TEXT_NODE);
      if (text) text.nodeValue = pick(WORDS) + below(100);
    },
    splitText: () => {
      const text = [...place().childNodes].find((node): node is Text => node instanceof Text && node.length > 1);
      text?.splitText(1);
    },
    normalize: () => place().normalize(),
    // Not `title`: on style elements it chooses between sheets, by history.
    attribute: () => someElement()?.setAttribute(pick(['data-a', 'aria-label', 'lang', 'class']), `c${below(4)}`),
    noAttribute: () => someElement()?.removeAttribute(pick(['data-a', 'aria-label', 'class', 'style'])),
    style: () => {
      const element = someElement() as HTMLElement | null;
      if (element?.style) element.style.setProperty(pick(['color', 'padding-left', 'font-size']), pick([...COLORS, '3px', '']));
    },
    field: () => {
      const kind = below(4);
      const field = document.createElement(kind === 3 ? 'textarea' : kind === 2 ? 'select' : 'input');
      if (kind === 1) field.setAttribute('type', 'checkbox');
      if (kind === 2) field.innerHTML = '<option>a<option>b<option selected>c';
      insert(field, stage);
    },
    value: () => {
      const field = some<HTMLInputElement>('input:not([type]),textarea');
      if (field) field.value = `v${below(1000)}`;
    },
    choose: () => {
      const box = some<HTMLInputElement>('[type=checkbox]');
      if (box) box.checked = !box.checked;
      const select = some<HTMLSelectElement>('select');
      if (select) select.selectedIndex = below(3);
    },
    shadow: () => {
      const host = some('div,section,x-thing');
      if (!host || host.shadowRoot) return;
      host.attachShadow({ mode: 'open' }).append(create(), document.createElement('slot'));
    },
    rule: () => {
      const sheet = document.querySelector<HTMLStyleElement>('#rules')!.sheet!;
      if (sheet.cssRules.length > 6) sheet.deleteRule(below(sheet.cssRules.length));
      sheet.insertRule(`.c${below(4)} { color: ${pick(COLORS)} }`, below(sheet.cssRules.length + 1));
    },
    newStyle: () => {
      if (random() < 0.7) return;
      const style = document.createElement('style');
      style.textContent = `.c${below(4)} { padding-left: ${below(9)}px }`;
      insert(style, stage);
      if (random() < 0.5) style.sheet?.insertRule(`.c${below(4)} { font-size: ${10 + below(9)}px }`);
    },
  };
  return {
    names: Object.keys(steps),
    async run(changes: Change[]): Promise<void> {
      for (const { name, seed, isFrameEnd } of changes) {
        random = generator(seed);
        steps[name]!();
        if (isFrameEnd) await new Promise((next) => requestAnimationFrame(next));
      }
    },
  };
}

export interface Change {
  name: string;
  seed: number;
  /** The recorder writes before the next change. */
  isFrameEnd: boolean;
}
