// What of a page may be recorded. One answer per element, inherited downwards:
// a mask covers everything below and cannot be undone there, an unmask covers
// everything below but can be masked again, a block leaves only a box.

import { DomKind } from './recorder/format';

export type MaskLevel = 'light' | 'medium' | 'conservative';

export interface PrivacyConfig {
  /** `medium` unless set. */
  defaultMaskLevel?: MaskLevel;
  blockSelector?: string | string[];
  maskSelector?: string | string[];
  unmaskSelector?: string | string[];
  /** Attributes that are masked on every masked element, besides the usual ones. */
  maskAttributes?: string[];
  /** The first rule whose pattern matches the page's address sets the level. */
  urlMaskLevels?: { match: string; maskLevel: MaskLevel }[];
}

/** A rule that replaces an address before it is recorded; `*` matches anything. */
export interface UrlRule {
  selector: string;
  replacement: string;
}

export const enum Mask {
  Default = 0,
  Unmasked = 1,
  Masked = 2,
  Blocked = 3,
}

// Marks of other recorders count as well: a site that changes recorder must not lose
// its masking on the way.
const BLOCK_MARKS = marks('block', 'amp rr sentry reenact') + ',.ph-no-capture';
const MASK_MARKS = marks('mask', 'amp rr sentry reenact') + ',[data-dtrum-mask]';
const UNMASK_MARKS = marks('unmask', 'amp sentry reenact');
const IGNORE_MARKS = marks('ignore', 'rr sentry reenact');
const EDITABLE = '[contenteditable]:not([contenteditable=false])';
/** Every mark has one of these in a class or in the name of an attribute. Faster than a selector. */
const LIKE_MARK = /block|mask|capture|contentedit/i;

// Attributes that carry words of the page. They follow the text of their element.
const TEXT_ATTRIBUTES =
  /^(placeholder|title|alt|label|content|value|aria-(label|description|placeholder|roledescription|valuetext|valuenow|braillelabel))$/;
const URL_ATTRIBUTES = /^(href|src|action|formaction|srcset|poster|data|cite|ping|xlink:href)$/;
const CARD_FIELD = /card.?(num|no\b)|cc.?(num|csc|exp|name)|\bcv[cv2]\d?\b|security.?code|^ssn|iban/i;
const MOST_TEXT_CHARS = 1_000;
const LIGHT_TYPES = /^(email|tel)$/;
const LABEL_TYPES = /^(submit|button|reset|image)$/;
const CHOICE_TYPES = /^(checkbox|radio)$/;

function marks(kind: string, vendors: string): string {
  return vendors
    .split(' ')
    .map((vendor) => `.${vendor}-${kind},[data-${vendor}-${kind}]`)
    .join();
}

/** Every character that is not white space becomes a star. */
export const stars = (text: string): string => text.replace(/\S/g, '*');

function isValidSelector(selector: string): boolean {
  try {
    document.createDocumentFragment().querySelector(selector);
    return true;
  } catch {
    return false;
  }
}

function listOf(selectors: string | string[] | undefined): string[] {
  return selectors ? (Array.isArray(selectors) ? selectors : [selectors]) : [];
}

/** `*` and `**` match anything, `?` one character; the whole text must match. */
export function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\/\*\*$|\*+|\?|[.+^${}()|[\]\\]/g, (part) =>
    part === '/**' ? '(/.*)?' : part[0] === '*' ? '.*' : part === '?' ? '.' : '\\' + part,
  );
  return new RegExp(`^${source}$`);
}

export class Privacy {
  private readonly block: string;
  private readonly mask: string;
  private readonly unmask: string;
  /** Matches every element for which any rule says something. */
  private readonly any: string;
  private readonly maskAttributes: Set<string>;
  /** Only then can an element without attributes match a rule. */
  readonly hasOwnSelectors: boolean;
  private readonly urlRules: [RegExp, string][];
  private readonly wasPassword = new WeakSet<Element>();
  private states = new WeakMap<Node, Mask>();
  level: MaskLevel = 'medium';

  constructor(
    private readonly config: PrivacyConfig,
    urlRules: UrlRule[] = [],
    warn: (message: string) => void = () => {},
  ) {
    const selectorsOf = (own: string | string[] | undefined, builtIn: string) => {
      const valid = listOf(own).filter((selector) => {
        if (isValidSelector(selector)) return true;
        warn(`ignored invalid selector ${selector}`);
        return false;
      });
      return [builtIn, ...valid].join();
    };
    this.block = selectorsOf(config.blockSelector, BLOCK_MARKS);
    this.mask = selectorsOf(config.maskSelector, MASK_MARKS);
    this.unmask = selectorsOf(config.unmaskSelector, UNMASK_MARKS);
    this.any = [this.block, this.mask, this.unmask, EDITABLE].join();
    this.hasOwnSelectors = this.any !== [BLOCK_MARKS, MASK_MARKS, UNMASK_MARKS, EDITABLE].join();
    this.maskAttributes = new Set(config.maskAttributes);
    this.urlRules = urlRules.map((rule) => [globToRegExp(rule.selector), rule.replacement]);
    this.pageIs(location.href);
  }

  /** The level may depend on the address. */
  pageIs(href: string): void {
    const rule = this.config.urlMaskLevels?.find((rule) => globToRegExp(rule.match).test(href));
    this.level = rule?.maskLevel ?? this.config.defaultMaskLevel ?? 'medium';
    this.forget();
  }

  /** The page has changed in a way that may change what `of` has answered. */
  forget(): void {
    this.states = new WeakMap();
  }

  /** The state of `element`, given the state of what is around it. */
  step(element: Element, around: Mask, names = element.getAttributeNames()): Mask {
    if (around === Mask.Blocked || !this.mayMatch(element, names) || !element.matches(this.any)) return around;
    if (element.matches(this.block)) return Mask.Blocked;
    if (around === Mask.Masked || element.matches(this.mask)) return Mask.Masked;
    if (element.matches(this.unmask)) return Mask.Unmasked;
    // Text that the visitor writes is a field, whatever the element is called.
    return around === Mask.Default && this.level !== 'light' && element.matches(EDITABLE) ? Mask.Masked : around;
  }

  private mayMatch(element: Element, names: string[]): boolean {
    if (this.hasOwnSelectors) return true;
    return names.some((name) => LIKE_MARK.test(name === 'class' ? element.getAttribute(name)! : name));
  }

  /** The state of a node's surroundings, read upwards through shadow roots and frames. */
  around(node: Node): Mask {
    const parent = node.parentNode;
    if (!parent) {
      const frame = node.nodeType === DomKind.Document ? frameOf(node as Document) : null;
      return frame ? this.of(frame) : Mask.Default;
    }
    return this.of(parent);
  }

  /** The state of an element, document or shadow root. */
  of(node: Node): Mask {
    let state = this.states.get(node);
    if (state !== undefined) return state;
    if (node.nodeType === DomKind.Element) {
      const marked = (node as Element).closest(this.any);
      if (marked) {
        state = this.step(marked, this.around(marked));
      } else {
        const root = node.getRootNode();
        state = root === node ? Mask.Default : this.of(root);
      }
    } else if ((node as ShadowRoot).host) {
      state = this.of((node as ShadowRoot).host);
    } else {
      state = this.around(node);
    }
    this.states.set(node, state);
    return state;
  }

  isTextMasked(state: Mask): boolean {
    return state >= Mask.Masked || (state === Mask.Default && this.level === 'conservative');
  }

  text(text: string, state: Mask): string {
    return this.isTextMasked(state) ? stars(text) : text;
  }

  /** The text of an element and what is in it, each part as it may be recorded. */
  allText(element: Element): string {
    this.forget();
    const walker = element.ownerDocument.createTreeWalker(element, 4 /* SHOW_TEXT */);
    let text = '';
    while (walker.nextNode() && text.length < MOST_TEXT_CHARS) {
      const state = this.around(walker.currentNode);
      const parent = walker.currentNode.parentNode as Element;
      if (state !== Mask.Blocked && !isField(parent)) text += this.text((walker.currentNode as Text).data, state);
    }
    return text;
  }

  /** Never recorded in clear, whatever the configuration says. */
  private isSecret(field: Element): boolean {
    const type = field.getAttribute('type')?.toLowerCase();
    return (
      type === 'hidden' ||
      type === 'file' ||
      this.wasPassword.has(field) ||
      /(^|\s)(cc-|current-password|new-password|one-time-code)/.test(field.getAttribute('autocomplete') ?? '') ||
      CARD_FIELD.test(`${field.getAttribute('name') ?? ''} ${field.id}`)
    );
  }

  /** A field that was a password once stays one, also when the page shows it. */
  rememberPassword(field: Element): void {
    if ((field as HTMLInputElement).type === 'password') this.wasPassword.add(field);
  }

  isValueMasked(field: Element, state: Mask): boolean {
    const type = field.localName === 'input' ? (field as HTMLInputElement).type : '';
    if (LABEL_TYPES.test(type) || CHOICE_TYPES.test(type)) return this.isTextMasked(state);
    if (this.isSecret(field) || state >= Mask.Masked) return true;
    if (state === Mask.Unmasked) return false;
    return this.level !== 'light' || LIGHT_TYPES.test(type);
  }

  value(field: Element, value: string, state: Mask): string {
    return this.isValueMasked(field, state) ? '*'.repeat(value.length) : value;
  }

  isIgnored(field: Element): boolean {
    return field.matches(IGNORE_MARKS);
  }

  attribute(element: Element, name: string, value: string, state: Mask): string {
    if (name === 'value' && /^(input|textarea|select)$/.test(element.localName)) {
      return this.value(element, value, state);
    }
    if (!this.isTextMasked(state) && !(state === Mask.Default && this.maskAttributes.has(name) && isField(element))) {
      return value;
    }
    if (TEXT_ATTRIBUTES.test(name) || this.maskAttributes.has(name)) return stars(value);
    if (URL_ATTRIBUTES.test(name) && !value.startsWith('data:')) return value.replace(/[?#][^\s,]*/g, '');
    return value;
  }

  /** The address of a page as it may be recorded. */
  url(href: string): string {
    for (const [pattern, replacement] of this.urlRules) {
      if (pattern.test(href)) return replacement;
    }
    return this.level === 'conservative' ? href.replace(/[?#].*/, '') : href;
  }
}

function isField(element: Element): boolean {
  return /^(input|textarea|select)$/.test(element.localName);
}

export function frameOf(doc: Document): Element | null {
  try {
    return doc.defaultView?.frameElement ?? null;
  } catch {
    return null;
  }
}
