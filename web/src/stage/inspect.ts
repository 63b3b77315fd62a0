// Answers about the rebuilt page for the DOM panel. Reads only; recorded texts leave as plain text.
import type { Edges, NodeBox, NodeSummary } from '../lib/player/stage-protocol';
import type { Screen } from './screen';

const text_limit = 300;
const children_limit = 2_000;
const shown_styles = [
  'display',
  'position',
  'color',
  'background-color',
  'font-family',
  'font-size',
  'font-weight',
  'line-height',
  'opacity',
  'visibility',
  'overflow',
  'z-index',
];

export function childrenOf(screen: Screen, node_id: number | null): NodeSummary[] {
  const node = node_id === null ? screen.document : screen.mirror.getNode(node_id);
  if (!node) return [];
  return childNodes(node)
    .flatMap((child) => summary(screen, child) ?? [])
    .slice(0, children_limit);
}

/** The frame's document and the shadow root stand in the tree where a person looks for them. */
function childNodes(node: Node): Node[] {
  const element = node as HTMLIFrameElement;
  const inner = node.nodeName === 'IFRAME' ? element.contentDocument : null;
  const shadow = (node as Element).shadowRoot;
  return [...(shadow ? [...shadow.childNodes] : []), ...(inner ? inner.childNodes : node.childNodes)];
}

function summary(screen: Screen, node: Node): NodeSummary | null {
  const id = screen.mirror.getId(node);
  // What the Replayer added itself is not part of the page.
  if (id < 1) return null;
  const base = { id, attributes: [] as [string, string][], text: '', child_count: 0 };
  switch (node.nodeType) {
    case Node.ELEMENT_NODE: {
      const element = node as Element;
      const attributes = [...element.attributes]
        .filter(({ name }) => !name.startsWith('data-reenact') && !name.startsWith('rr_'))
        .map(({ name, value }): [string, string] => [name, recordedValue(name, value).slice(0, text_limit)])
        .filter(([name, value]) => name !== 'class' || value !== '');
      return {
        ...base,
        kind: 'element',
        name: element.localName,
        attributes,
        child_count: childNodes(node).filter((child) => visibleInTree(screen, child)).length,
      };
    }
    case Node.TEXT_NODE:
    case Node.COMMENT_NODE: {
      const text = (node.nodeValue ?? '').trim();
      if (text === '') return null;
      const kind = node.nodeType === Node.TEXT_NODE ? 'text' : 'comment';
      return { ...base, kind, name: `#${kind}`, text: text.slice(0, text_limit) };
    }
    case Node.DOCUMENT_TYPE_NODE:
      return { ...base, kind: 'document', name: `!doctype ${node.nodeName}` };
    default:
      return null;
  }
}

function visibleInTree(screen: Screen, node: Node): boolean {
  if (screen.mirror.getId(node) < 1) return false;
  return node.nodeType === Node.ELEMENT_NODE || (node.nodeValue ?? '').trim() !== '';
}

/** Classes the Replayer adds while it draws were not in the page. */
function recordedValue(name: string, value: string): string {
  if (name !== 'class') return value;
  return value
    .split(/\s+/)
    .filter((part) => part !== ':hover' && part !== 'rrweb-paused')
    .join(' ');
}

export function pathAt(screen: Screen, x: number, y: number): number[] {
  const path: number[] = [];
  let found = screen.document?.elementFromPoint(x, y) ?? null;
  let offset_x = x;
  let offset_y = y;
  // Into frames and shadow trees, down to what is really there.
  while (found) {
    if (found.nodeName === 'IFRAME') {
      const box = found.getBoundingClientRect();
      offset_x -= box.left;
      offset_y -= box.top;
      const inner = (found as HTMLIFrameElement).contentDocument?.elementFromPoint(offset_x, offset_y);
      if (!inner) break;
      found = inner;
    } else if (found.shadowRoot) {
      const inner = found.shadowRoot.elementFromPoint(offset_x, offset_y);
      if (!inner || inner === found) break;
      found = inner;
    } else break;
  }
  for (let node: Node | null = found; node; node = parentOf(node)) {
    const id = screen.mirror.getId(node);
    if (id > 0 && node.nodeType === Node.ELEMENT_NODE) path.unshift(id);
  }
  return path;
}

function parentOf(node: Node): Node | null {
  if (node.nodeType === Node.DOCUMENT_NODE) return (node as Document).defaultView?.frameElement ?? null;
  const parent = node.parentNode;
  return parent && 'host' in parent ? (parent as ShadowRoot).host : parent;
}

/** The element's place in the page of the recording, through all frames around it. */
export function rectOf(element: Element): DOMRect {
  const box = element.getBoundingClientRect();
  let { x, y } = box;
  let frame = element.ownerDocument.defaultView?.frameElement ?? null;
  // The outermost frame is the recorded page itself.
  while (frame?.ownerDocument.defaultView?.frameElement && frame.ownerDocument !== document) {
    const outer = frame.getBoundingClientRect();
    x += outer.x;
    y += outer.y;
    frame = frame.ownerDocument.defaultView.frameElement;
  }
  return new DOMRect(x, y, box.width, box.height);
}

export function boxOf(screen: Screen, node_id: number): NodeBox | null {
  const element = elementOf(screen, node_id);
  const view = element?.ownerDocument.defaultView;
  if (!element || !view) return null;
  const style = view.getComputedStyle(element);
  const edges = (prefix: string, suffix = ''): Edges => {
    const side = (name: string) => parseFloat(style.getPropertyValue(`${prefix}-${name}${suffix}`)) || 0;
    return { top: side('top'), right: side('right'), bottom: side('bottom'), left: side('left') };
  };
  const { x, y, width, height } = rectOf(element);
  return {
    selector: selectorOf(element),
    x: Math.round(x),
    y: Math.round(y),
    width: Math.round(width * 10) / 10,
    height: Math.round(height * 10) / 10,
    margin: edges('margin'),
    border: edges('border', '-width'),
    padding: edges('padding'),
    styles: shown_styles.map((name): [string, string] => [name, style.getPropertyValue(name)]),
  };
}

export function elementOf(screen: Screen, node_id: number): Element | null {
  const node = screen.mirror.getNode(node_id);
  if (node?.nodeType === Node.ELEMENT_NODE) return node as Element;
  return node?.parentElement ?? null;
}

/** A selector that finds the element again: short where an id allows it, else the way from the top. */
export function selectorOf(element: Element): string {
  const parts: string[] = [];
  for (let at: Element | null = element; at; at = at.parentElement) {
    if (at.id && at.ownerDocument.querySelectorAll(`#${CSS.escape(at.id)}`).length === 1) {
      parts.unshift(`#${CSS.escape(at.id)}`);
      break;
    }
    const name = CSS.escape(at.localName);
    const alike = [...(at.parentElement?.children ?? [])].filter((other) => other.localName === at.localName);
    parts.unshift(alike.length > 1 ? `${name}:nth-of-type(${alike.indexOf(at) + 1})` : name);
  }
  return parts.join(' > ');
}
