// A neutral description of a document. The same function runs in the live page
// and in the rebuilt one, so that a difference is a difference of the documents.
import type { Frame } from '@playwright/test';

export interface ElementNode {
  kind: 'element';
  tag: string;
  attributes: Record<string, string>;
  /** Inline style as the browser writes it. */
  style: string;
  children: PageNode[];
  shadow?: PageNode[];
  /** Adopted sheets of the shadow root. */
  shadow_sheets?: string[];
  frame?: PageRoot;
  value?: string;
  checked?: boolean;
  /** Rules of the sheet that this element owns. */
  rules?: string[];
  width: number;
  height: number;
  scroll_left: number;
  scroll_top: number;
  made_by_player: boolean;
}

export type PageNode =
  | ElementNode
  | { kind: 'text'; text: string }
  | { kind: 'comment' }
  | { kind: 'doctype'; name: string };

export interface PageRoot {
  base: string;
  nodes: PageNode[];
  sheets: string[];
}

/** What the page looked like, and when. */
export interface PageMoment {
  at_ms: number;
  root: PageRoot;
}

/** Runs in the page, so it may use nothing from outside its body. */
function describe(playerMirror?: { getId(node: Node): number }): PageRoot {
  const rulesOf = (sheet: CSSStyleSheet | null) => {
    try {
      return [...(sheet?.cssRules ?? [])].map((rule) => rule.cssText.replace(/\s+/g, ' '));
    } catch {
      return ['(unreadable)'];
    }
  };

  function node(source: Node): PageNode[] {
    switch (source.nodeType) {
      case Node.TEXT_NODE:
      case Node.CDATA_SECTION_NODE:
        return [{ kind: 'text', text: source.textContent ?? '' }];
      case Node.COMMENT_NODE:
        return [{ kind: 'comment' }];
      case Node.DOCUMENT_TYPE_NODE:
        return [{ kind: 'doctype', name: (source as DocumentType).name }];
      case Node.ELEMENT_NODE:
        return [element(source as HTMLElement)];
      default:
        return [];
    }
  }

  function element(source: HTMLElement): ElementNode {
    const tag = source.localName;
    const box = source.getBoundingClientRect();
    const attributes: Record<string, string> = {};
    for (const { name, value } of source.attributes) if (name !== 'style') attributes[name] = value;
    const described: ElementNode = {
      kind: 'element',
      tag,
      attributes,
      style: source.style?.cssText ?? '',
      children: [...source.childNodes].flatMap(node),
      width: box.width,
      height: box.height,
      scroll_left: Math.round(source.scrollLeft),
      scroll_top: Math.round(source.scrollTop),
      made_by_player: playerMirror ? playerMirror.getId(source) < 0 : false,
    };
    if (source.shadowRoot) {
      described.shadow = [...source.shadowRoot.childNodes].flatMap(node);
      described.shadow_sheets = source.shadowRoot.adoptedStyleSheets.flatMap(rulesOf);
    }
    if (tag === 'iframe') {
      const inner = (source as HTMLIFrameElement).contentDocument;
      if (inner) described.frame = root(inner);
    }
    if (tag === 'style' || tag === 'link') described.rules = rulesOf((source as HTMLStyleElement).sheet);
    if (tag === 'input' || tag === 'textarea' || tag === 'select') described.value = (source as HTMLInputElement).value;
    if (tag === 'input') described.checked = (source as HTMLInputElement).checked;
    return described;
  }

  function root(source: Document): PageRoot {
    return {
      base: source.baseURI,
      nodes: [...source.childNodes].flatMap(node),
      sheets: source.adoptedStyleSheets.flatMap(rulesOf),
    };
  }

  const top = (window as any).replayedDocument as Document | undefined;
  return root(playerMirror && top ? top : document);
}

/** Describes a live page at this moment. */
export async function describeLive(frame: Frame): Promise<PageMoment> {
  // Two frames: mutation observers and the scroll throttle have then reported.
  await frame.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 250)))));
  return frame.evaluate(`({ root: (${describe.toString()})(), at_ms: Date.now() })`);
}

/** Describes the document that the player in this page has rebuilt. */
export function describeRebuilt(frame: Frame): Promise<PageRoot> {
  return frame.evaluate(`(() => {
    window.replayedDocument = window.replayer.iframe.contentDocument;
    return (${describe.toString()})(window.replayer.getMirror());
  })()`);
}
