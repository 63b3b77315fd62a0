// What a page looks like, as lines of text that can be compared: the tree, form values,
// scroll positions, and how elements are styled.

const SKIPPED = new Set(['SCRIPT', 'NOSCRIPT', 'META', 'TITLE', 'BASE']);
const FIELDS = new Set(['INPUT', 'TEXTAREA', 'SELECT']);
// Different by design between a page and its replay.
const SKIPPED_ATTRIBUTES =
  /^(rr_.*|on.*|_on.*|autocomplete|value|checked|selected|src|srcset|srcdoc|href|rel|type|xlink:href|data-rr.*|style|rrweb.*|_cssText|sandbox|autoplay|open)$/;
const STYLES = ['color', 'backgroundColor', 'display', 'width', 'fontSize', 'paddingLeft'] as const;

export function dump(doc: Document): string[] {
  const lines: string[] = [];
  const add = (depth: number, text: string) => lines.push('  '.repeat(depth) + text);

  const children = (parent: Node, depth: number) => {
    let text = '';
    const endText = () => {
      if (text.trim()) add(depth, JSON.stringify(text));
      text = '';
    };
    for (let child = parent.firstChild; child; child = child.nextSibling) {
      if (child.nodeType === Node.TEXT_NODE) text += child.nodeValue;
      else if (child.nodeType === Node.ELEMENT_NODE) {
        endText();
        element(child as Element, depth);
      }
    }
    endText();
  };

  const element = (node: Element, depth: number) => {
    if (SKIPPED.has(node.nodeName)) return;
    if (node.nodeName === 'STYLE' || (node.nodeName === 'LINK' && (node as HTMLLinkElement).sheet)) {
      // The player adds sheets of its own; the effect of all is in the computed styles.
      return;
    }
    if (node.classList.contains('replayer-ignored')) return;
    const attributes = Array.from(node.attributes)
      .filter(({ name }) => !SKIPPED_ATTRIBUTES.test(name))
      .map(({ name, value }) => `${name}=${JSON.stringify(name === 'class' ? value.replace(/\s*(:hover|rrweb-paused)/g, '') : value)}`)
      .filter((text) => text !== 'class=""')
      .sort();
    add(depth, `<${node.localName}> ${attributes.join(' ')}`.trim());
    const html = node as HTMLElement;
    if (html.style?.cssText) add(depth, `  style ${html.style.cssText}`);
    if (FIELDS.has(node.nodeName)) {
      const { value, checked, selectedIndex } = node as HTMLInputElement & HTMLSelectElement;
      const kind = (node as HTMLInputElement).type;
      add(depth, `  field ${kind} ${JSON.stringify(value)} ${kind === 'radio' || kind === 'checkbox' ? checked : ''} ${node.nodeName === 'SELECT' ? selectedIndex : ''}`);
    }
    if (node.scrollTop || node.scrollLeft) add(depth, `  scroll ${Math.round(node.scrollLeft)},${Math.round(node.scrollTop)}`);
    if (node.nodeName === 'DIALOG') add(depth, `  dialog ${(node as HTMLDialogElement).open} ${(node as HTMLDialogElement).open && node.matches(':modal')}`);
    const view = node.ownerDocument.defaultView;
    // Chromium does not always lay out a select anew when its options change.
    if (view && node.nodeName !== 'HTML' && node.nodeName !== 'SELECT') {
      const computed = view.getComputedStyle(node);
      add(depth, `  computed ${STYLES.map((name) => computed[name]).join(' ')}`);
    }
    if (node.nodeName === 'IFRAME') {
      const inner = (node as HTMLIFrameElement).contentDocument;
      if (inner?.documentElement) children(inner, depth + 1);
      return;
    }
    if (node.nodeName !== 'TEXTAREA') children(node, depth + 1);
    if (node.shadowRoot) {
      add(depth, '  #shadow');
      children(node.shadowRoot, depth + 2);
    }
  };
  children(doc, 0);
  return lines;
}
