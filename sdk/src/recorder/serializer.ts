// Turns DOM nodes into their recorded form. One walk with `firstChild`/`nextSibling`
// and a switch on the node's kind; nothing is kept but the ids.

import { Mask, type Privacy } from '../privacy';
import { DomKind, NodeKind, type Attributes, type NodeData } from './format';
import type { NodeIds } from './node-ids';
import type { StyleSheets } from './style-sheets';
import { absoluteCss, absoluteSrcset, absoluteUrl } from './urls';

const SVG = 'http://www.w3.org/2000/svg';
/** Shorter values are covered by the time limit of a slice. */
const LONG_CHARS = 256;
const INVALID_TAG = /[^a-z0-9\-_:]/i;
/** These scroll without any attribute that a style could name. */
const SCROLLABLE_TAGS = /^(html|body|main|pre|textarea|div|section|nav|aside|ul)$/;
const NEVER_SCROLLED_TAGS = /^(a|b|button|em|h\d|i|img|label|option|small|span|strong|su[bp]|t[dhr])$/;
const BUTTON_TYPES = /^(submit|button|reset|image)$/;

/** What the recorder has to do for a node because it is in the recording now. */
export interface Found {
  shadowRoot(root: ShadowRoot): void;
  frame(frame: HTMLIFrameElement): void;
  /** A choice that attributes cannot tell. */
  choice(select: HTMLSelectElement): void;
  scrolled(element: Element): void;
}

export interface SerializerOptions {
  applyBackgroundColorToBlockedElements: boolean;
}

export class Serializer {
  /** Characters of long values described so far. Whoever cuts events by size resets it. */
  size_chars = 0;
  /** State of the element described last, for its children. */
  inner: Mask = Mask.Default;
  /** States of elements about which some rule says something. */
  readonly states = new WeakMap<Element, Mask>();
  /** `style` elements recorded by their rules, not by their text. */
  readonly inlined = new WeakSet<Element>();
  private readonly invalidTags: Record<string, boolean> = {};

  constructor(
    private readonly ids: NodeIds,
    private readonly privacy: Privacy,
    private readonly sheets: StyleSheets,
    private readonly found: Found,
    private readonly options: SerializerOptions,
  ) {}

  /**
   * One node without its children, which get a list when they are recorded as well.
   * Null for kinds of node that no recording has.
   */
  describe(node: Node, around: Mask, rootId: number, isInShadow: boolean): NodeData | null {
    const data = this.describeKind(node, around);
    if (!data) return null;
    data.id = this.ids.assign(node);
    if (rootId) data.rootId = rootId;
    if (isInShadow) data.isShadow = true;
    return data;
  }

  private describeKind(node: Node, around: Mask): NodeData | null {
    switch (node.nodeType) {
      case DomKind.Element:
        return this.element(node as Element, around);
      case DomKind.Text:
        return this.textNode(node as Text, around);
      case DomKind.Comment:
        // What a comment says is never shown, and may be anything.
        return { type: NodeKind.Comment, id: 0, textContent: '' };
      case DomKind.Cdata:
        return { type: NodeKind.Cdata, id: 0, textContent: '' };
      case DomKind.DocumentType: {
        const { name, publicId, systemId } = node as DocumentType;
        return { type: NodeKind.DocumentType, id: 0, name, publicId, systemId };
      }
      case DomKind.Document: {
        this.inner = around;
        const data: NodeData = { type: NodeKind.Document, id: 0, childNodes: [] };
        if ((node as Document).compatMode !== 'CSS1Compat') data.compatMode = (node as Document).compatMode;
        return data;
      }
      default:
        return null;
    }
  }

  /** Text as it is recorded, also when it changes later. */
  text(node: Text, around: Mask, parentTag: string | undefined): string {
    const text = node.data;
    switch (parentTag) {
      case 'script':
        return text && 'SCRIPT_PLACEHOLDER';
      case 'style':
        return absoluteCss(text, node.baseURI);
      default:
        return this.privacy.text(text, around);
    }
  }

  private textNode(node: Text, around: Mask): NodeData {
    const parent = node.parentNode as Element | null;
    const parentTag = parent?.localName;
    const textContent = this.text(node, around, parentTag);
    if (textContent.length > LONG_CHARS) this.size_chars += textContent.length;
    const data: NodeData = { type: NodeKind.Text, id: 0, textContent };
    if (parentTag === 'style') {
      if (this.inlined.has(parent!)) data.textContent = '';
      else data.isStyle = true;
    }
    return data;
  }

  private element(element: Element, around: Mask): NodeData {
    let tagName = element.localName;
    // A field named `localName` hides the form's own.
    if (typeof tagName !== 'string') tagName = 'form';
    if ((this.invalidTags[tagName] ??= INVALID_TAG.test(tagName))) tagName = 'div';
    // `element.attributes` would make an object per attribute that lives as long as the page.
    const names = element.getAttributeNames();
    const state = this.privacy.step(element, around, names);
    if (state !== around) this.states.set(element, state);
    this.inner = state;
    if (state === Mask.Blocked) return this.blocked(element, tagName);

    const attributes: Attributes = {};
    for (const name of names) {
      const value = element.getAttribute(name)!;
      const recorded = this.attribute(element, tagName, name, value, state);
      if (recorded === undefined) continue;
      attributes[name] = recorded;
      if (recorded.length > LONG_CHARS) this.size_chars += recorded.length;
    }
    const data: NodeData = { type: NodeKind.Element, id: 0, tagName, attributes, childNodes: [] };
    if (element.namespaceURI === SVG) data.isSVG = true;
    this.special(element, tagName, data, attributes, state);
    const shadowRoot = element.shadowRoot;
    if (shadowRoot) {
      data.isShadowHost = true;
      this.found.shadowRoot(shadowRoot);
    }
    return data;
  }

  /** An attribute as it is recorded; undefined leaves it out. */
  attribute(element: Element, tag: string, name: string, value: string, state: Mask): string | undefined {
    switch (name) {
      case 'src':
        if (tag === 'iframe' || tag === 'frame') return undefined;
        value = absoluteUrl(value, element.baseURI);
        break;
      case 'href':
        if (!(tag === 'use' && value[0] === '#')) value = absoluteUrl(value, element.baseURI);
        break;
      case 'xlink:href':
        if (value[0] !== '#') value = absoluteUrl(value, element.baseURI);
        break;
      case 'srcset':
        value = absoluteSrcset(value, element.baseURI);
        break;
      case 'style':
        return value.includes('url(') ? absoluteCss(value, element.baseURI) : value;
      case 'background':
        if (/^(table|td|th|body)$/.test(tag)) value = absoluteUrl(value, element.baseURI);
        break;
      case 'data':
        if (tag === 'object') value = absoluteUrl(value, element.baseURI);
        break;
      case 'poster':
        value = absoluteUrl(value, element.baseURI);
        break;
      case 'autoplay':
        if (tag === 'audio' || tag === 'video') return undefined;
        break;
      case 'srcdoc':
        // The frame's document is recorded by itself, with the rules of privacy.
        return undefined;
      case 'selected':
        if (tag === 'option') return undefined;
        break;
      case 'class':
      case 'id':
        return value;
    }
    return this.privacy.attribute(element, name, value, state);
  }

  /** What certain elements have besides their attributes. */
  private special(element: Element, tag: string, data: NodeData, attributes: Attributes, state: Mask): void {
    switch (tag) {
      case 'input':
        this.input(element as HTMLInputElement, attributes, state);
        break;
      case 'textarea':
      case 'select': {
        const field = element as HTMLTextAreaElement | HTMLSelectElement;
        if (field.value && !this.privacy.isIgnored(field)) {
          attributes.value = this.privacy.value(field, field.value, state);
        }
        if (tag === 'select' && (field as HTMLSelectElement).selectedIndex < 0) {
          this.found.choice(field as HTMLSelectElement);
        }
        break;
      }
      case 'option': {
        const select = element.closest('select');
        const isHidden = select && this.privacy.isValueMasked(select, state);
        if ((element as HTMLOptionElement).selected && !isHidden) attributes.selected = true;
        break;
      }
      case 'link':
        this.link(element as HTMLLinkElement, attributes);
        break;
      case 'style': {
        const text = this.sheets.textOfStyle(element as HTMLStyleElement, element.textContent ?? '');
        if (text !== undefined) {
          attributes._cssText = text;
          this.size_chars += text.length;
          this.inlined.add(element);
        } else this.inlined.delete(element);
        break;
      }
      case 'iframe':
      case 'frame':
        this.frame(element as HTMLIFrameElement, attributes, state);
        break;
      case 'audio':
      case 'video': {
        const media = element as HTMLMediaElement;
        attributes.rr_mediaState = media.paused ? 'paused' : 'played';
        attributes.rr_mediaCurrentTime = media.currentTime;
        attributes.rr_mediaPlaybackRate = media.playbackRate;
        attributes.rr_mediaMuted = media.muted;
        attributes.rr_mediaLoop = media.loop;
        attributes.rr_mediaVolume = media.volume;
        break;
      }
      case 'dialog':
        if ((element as HTMLDialogElement).open) attributes.rr_open_mode = openMode(element);
        break;
      default:
        if (tag.includes('-') && customElements.get(tag)) data.isCustom = true;
    }
  }

  private input(input: HTMLInputElement, attributes: Attributes, state: Mask): void {
    delete attributes.checked;
    this.privacy.rememberPassword(input);
    const isHidden = this.privacy.isIgnored(input);
    switch (input.type) {
      case 'checkbox':
      case 'radio':
        // A choice inside a masked region tells as much as a text.
        if (input.checked && state !== Mask.Masked && !isHidden) attributes.checked = true;
        break;
      default:
        if (BUTTON_TYPES.test(input.type)) break;
        if (input.value && !isHidden) attributes.value = this.privacy.value(input, input.value, state);
        else delete attributes.value;
    }
  }

  private link(link: HTMLLinkElement, attributes: Attributes): void {
    const text = this.sheets.textOfLink(link);
    if (text !== undefined) {
      delete attributes.rel;
      delete attributes.href;
      attributes._cssText = text;
      this.size_chars += text.length;
    }
  }

  private frame(frame: HTMLIFrameElement, attributes: Attributes, state: Mask): void {
    const src = frame.getAttribute('src');
    if (frame.contentDocument) this.found.frame(frame);
    else if (src) {
      attributes.rr_src = this.privacy.attribute(frame, 'src', absoluteUrl(src, frame.baseURI), state);
    }
  }

  private blocked(element: Element, tagName: string): NodeData {
    const { width, height } = element.getBoundingClientRect();
    const attributes: Attributes = { rr_width: `${width}px`, rr_height: `${height}px` };
    const className = element.getAttribute('class');
    if (className) attributes.class = className;
    if (this.options.applyBackgroundColorToBlockedElements) {
      attributes.rr_background_color = 'lightgrey';
      attributes.style = 'background-color: lightgrey';
    }
    const data: NodeData = { type: NodeKind.Element, id: 0, tagName, attributes, childNodes: [] };
    if (element.namespaceURI === SVG) data.isSVG = true;
    return data;
  }

  /** Whether the children of a recorded element are recorded too. */
  hasOpenContent(element: Node): boolean {
    if (this.inner === Mask.Blocked) return false;
    switch ((element as Element).localName) {
      case 'textarea':
      case 'iframe':
      case 'frame':
        return false;
      default:
        return true;
    }
  }

  /** Boxes can be scrolled before the recording starts. Asking all of them is slow. */
  noteScroll(element: Element, data: NodeData, isInSnapshot: boolean): void {
    if (NEVER_SCROLLED_TAGS.test(data.tagName!)) return;
    const mayScroll = element.hasAttributes()
      ? element.firstChild || data.tagName === 'textarea'
      : SCROLLABLE_TAGS.test(data.tagName!);
    if (!mayScroll) return;
    const { scrollLeft, scrollTop } = element;
    if (!scrollLeft && !scrollTop) return;
    if (isInSnapshot) {
      if (scrollLeft) data.attributes!.rr_scrollLeft = scrollLeft;
      if (scrollTop) data.attributes!.rr_scrollTop = scrollTop;
    } else this.found.scrolled(element);
  }
}

export function openMode(dialog: Element): string {
  try {
    return dialog.matches(':modal') ? 'modal' : 'non-modal';
  } catch {
    return 'non-modal';
  }
}

/** The parent in the recording: a shadow root's children name its host. */
export function recordedParent(node: Node): Node | null {
  const parent = node.parentNode;
  return isShadowRoot(parent) ? parent.host : parent;
}

export function isShadowRoot(node: Node | null): node is ShadowRoot {
  return node?.nodeType === DomKind.Fragment && Boolean((node as ShadowRoot).host);
}
