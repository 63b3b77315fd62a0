// Style that is not in the tree: rules of linked sheets, rules that scripts insert, and
// constructed sheets. Hooks note what the page does; `flush` writes it after the
// mutations of the same frame, so an event never names a node the player has not got.

import { EventType, Source, type Emit } from './format';
import type { NodeIds } from './node-ids';
import { Stops, type Report } from './page-access';
import { absoluteCss } from './urls';
import { hookMethod, hookSetter } from './patches';

interface RuleAdd {
  rule: string;
  index: number | number[];
}

type SheetEdit = Record<string, unknown> & { source: Source; adds?: RuleAdd[] };

interface PendingEdit {
  sheet: CSSStyleSheet;
  edit: SheetEdit;
  timestamp: number;
}

export type StyledRoot = Document | ShadowRoot;

/** The rules of a sheet, or null when the browser does not let us read them. */
function readRules(sheet: CSSStyleSheet): CSSRuleList | null {
  try {
    return sheet.cssRules;
  } catch {
    return null;
  }
}

/** Text of the rules as the browser holds them, imported sheets taken in. */
function textOfRules(rules: CSSRuleList, base: string): string {
  let text = '';
  for (const rule of rules) {
    const imported = (rule as CSSImportRule).styleSheet;
    const importedRules = imported && !(rule as CSSImportRule).media?.mediaText && readRules(imported);
    text += importedRules ? textOfRules(importedRules, imported.href ?? base) : absoluteCss(rule.cssText, base);
  }
  return text;
}

export class StyleSheets {
  /** Sheets whose rules are no longer those of their text. */
  private readonly edited = new WeakSet<CSSStyleSheet>();
  private textBySheet = new WeakMap<CSSStyleSheet, string>();
  private styleIds = new WeakMap<CSSStyleSheet, number>();
  private newestStyleId = 0;
  private adoptedIds = new WeakMap<StyledRoot, string>();
  private readonly dirtyRoots = new Set<StyledRoot>();
  private edits: PendingEdit[] = [];

  constructor(
    private readonly ids: NodeIds,
    private readonly emit: Emit,
    private readonly report: Report,
    private readonly isInlining: boolean,
    private readonly wake: () => void,
  ) {}

  /** Text to record with a `link`; undefined keeps the reference to the sheet. */
  textOfLink(link: HTMLLinkElement): string | undefined {
    const sheet = this.isInlining ? link.sheet : null;
    return sheet ? this.textOf(sheet, sheet.href ?? link.baseURI) : undefined;
  }

  /** Text to record instead of a `style` element's own, if scripts changed its rules. */
  textOfStyle(style: HTMLStyleElement, ownText: string): string | undefined {
    const sheet = style.sheet;
    if (!sheet) return undefined;
    if (!this.edited.has(sheet) && this.isAsWritten(sheet, ownText)) return undefined;
    return this.textOf(sheet, style.baseURI);
  }

  private textOf(sheet: CSSStyleSheet, base: string): string | undefined {
    let text = this.textBySheet.get(sheet);
    if (text === undefined) {
      const rules = readRules(sheet);
      if (!rules) return undefined;
      text = textOfRules(rules, base);
      this.textBySheet.set(sheet, text);
    }
    return text;
  }

  /** Before we came, scripts may have changed a sheet in ways that only a comparison shows. */
  private isAsWritten(sheet: CSSStyleSheet, ownText: string): boolean {
    const rules = readRules(sheet);
    if (!rules) return true;
    if (!ownText.trim()) return rules.length === 0;
    if (ownText.includes('@import')) return true;
    const fresh = new CSSStyleSheet();
    fresh.replaceSync(ownText);
    if (fresh.cssRules.length !== rules.length) return false;
    for (let index = 0; index < rules.length; index++) {
      if (rules[index]!.cssText !== fresh.cssRules[index]!.cssText) return false;
    }
    return true;
  }

  /** Looks at a root's constructed sheets at the next flush. */
  check(root: StyledRoot): void {
    this.dirtyRoots.add(root);
  }

  /** A new snapshot starts: style ids begin again. */
  reset(): void {
    this.styleIds = new WeakMap();
    this.adoptedIds = new WeakMap();
    this.newestStyleId = 0;
    this.edits = [];
  }

  flush(): void {
    for (const { sheet, edit, timestamp } of this.edits.splice(0)) {
      const styleId = this.styleIds.get(sheet);
      // An owner that got new text or left the page has dropped this sheet.
      const owner = sheet.ownerNode as HTMLStyleElement | null;
      const id = owner?.isConnected && owner.sheet === sheet ? this.ids.get(owner) : 0;
      if (styleId || id) this.emit(EventType.Incremental, { ...edit, ...(styleId ? { styleId } : { id }) }, timestamp);
    }
    for (const root of this.dirtyRoots) this.writeAdopted(root);
    this.dirtyRoots.clear();
  }

  private writeAdopted(root: StyledRoot): void {
    const sheets = root.adoptedStyleSheets;
    if (!sheets || (!sheets.length && !this.adoptedIds.has(root))) return;
    const id = this.ids.get((root as ShadowRoot).host ?? root);
    if (!id || !root.isConnected) return;
    const styles: { styleId: number; rules: RuleAdd[] }[] = [];
    const styleIds = Array.from(sheets, (sheet) => {
      let styleId = this.styleIds.get(sheet);
      if (!styleId) {
        styleId = ++this.newestStyleId;
        this.styleIds.set(sheet, styleId);
        const rules = Array.from(sheet.cssRules, (rule, index) => {
          return { rule: absoluteCss(rule.cssText, document.baseURI), index };
        });
        styles.push({ styleId, rules });
      }
      return styleId;
    });
    const known = `${id}:${styleIds.join()}`;
    if (this.adoptedIds.get(root) === known) return;
    this.adoptedIds.set(root, known);
    this.emit(EventType.Incremental, {
      source: Source.AdoptedStyleSheet,
      id,
      styleIds,
      ...(styles.length ? { styles } : {}),
    });
  }

  private note(sheet: CSSStyleSheet | null, edit: SheetEdit): void {
    if (!sheet) return;
    this.edited.add(sheet);
    this.textBySheet.delete(sheet);
    // A sheet nobody has recorded yet will be recorded as it is then.
    if (!this.styleIds.has(sheet) && !this.ids.get(sheet.ownerNode as Node | null)) return;
    const latest = this.edits[this.edits.length - 1];
    if (edit.adds && latest?.sheet === sheet && latest.edit.adds) {
      latest.edit.adds.push(...edit.adds);
      return;
    }
    this.edits.push({ sheet, edit, timestamp: Date.now() });
    this.wake();
  }

  private noteRules(sheet: CSSStyleSheet | null, change: Record<string, unknown>): void {
    this.note(sheet, { source: Source.StyleSheetRule, ...change });
  }

  /** Hooks the style API of one window. */
  observe(view: Window & typeof globalThis): Stops {
    const stops = new Stops(this.report);
    const sheetApi = view.CSSStyleSheet?.prototype;
    hookMethod(stops, sheetApi, 'insertRule', (sheet: CSSStyleSheet, [rule, index]) => {
      this.noteRules(sheet, { adds: [{ rule: absoluteCss(String(rule), document.baseURI), index: index ?? 0 }] });
    });
    hookMethod(stops, sheetApi, 'addRule', (sheet: CSSStyleSheet, [selector, block, index]) => {
      this.noteRules(sheet, { adds: [{ rule: `${selector}{${block}}`, index: index ?? sheet.cssRules.length - 1 }] });
    });
    for (const name of ['deleteRule', 'removeRule']) {
      hookMethod(stops, sheetApi, name, (sheet: CSSStyleSheet, [index]) => {
        this.noteRules(sheet, { removes: [{ index: index ?? 0 }] });
      });
    }
    hookMethod(stops, sheetApi, 'replaceSync', (sheet: CSSStyleSheet, [text]) => {
      this.noteRules(sheet, { replaceSync: absoluteCss(String(text), document.baseURI) });
    });
    hookMethod(stops, sheetApi, 'replace', (sheet: CSSStyleSheet, [text], done: Promise<unknown>) => {
      const write = () => this.noteRules(sheet, { replaceSync: absoluteCss(String(text), document.baseURI) });
      done.then(write, () => {});
    });
    this.observeRules(stops, view);
    const adopted = (root: StyledRoot) => {
      this.check(root);
      this.wake();
    };
    hookSetter(stops, view.Document?.prototype, 'adoptedStyleSheets', adopted);
    hookSetter(stops, view.ShadowRoot?.prototype, 'adoptedStyleSheets', adopted);
    return stops;
  }

  private observeRules(stops: Stops, view: Window & typeof globalThis): void {
    const groupApi = view.CSSGroupingRule?.prototype;
    hookMethod(stops, groupApi, 'insertRule', (group: CSSGroupingRule, [rule, index]) => {
      const path = pathOf(group);
      if (!path) return;
      const adds = [{ rule: absoluteCss(String(rule), document.baseURI), index: [...path, index ?? 0] }];
      this.noteRules(group.parentStyleSheet, { adds });
    });
    hookMethod(stops, groupApi, 'deleteRule', (group: CSSGroupingRule, [index]) => {
      const path = pathOf(group);
      if (path) this.noteRules(group.parentStyleSheet, { removes: [{ index: [...path, index] }] });
    });
    const declarationApi = view.CSSStyleDeclaration?.prototype;
    const noteDeclaration = (style: CSSStyleDeclaration, change: Record<string, unknown>) => {
      const rule = style.parentRule;
      const index = rule && pathOf(rule);
      if (index) this.note(rule.parentStyleSheet, { source: Source.StyleDeclaration, index, ...change });
    };
    hookMethod(stops, declarationApi, 'setProperty', (style, [property, value, priority]) => {
      noteDeclaration(style, { set: { property, value, priority } });
    });
    hookMethod(stops, declarationApi, 'removeProperty', (style, [property]) => {
      noteDeclaration(style, { remove: { property } });
    });
    // Changes that have no event of their own are written as a new rule in the old place.
    const rewrite = (rule: CSSRule | null) => {
      const path = rule && pathOf(rule);
      if (!path) return;
      const index = path.length > 1 ? path : path[0]!;
      this.noteRules(rule.parentStyleSheet, { removes: [{ index }] });
      this.noteRules(rule.parentStyleSheet, { adds: [{ rule: rule.cssText, index }] });
    };
    hookSetter(stops, declarationApi, 'cssText', (style: CSSStyleDeclaration) => rewrite(style.parentRule));
    hookSetter(stops, view.CSSStyleRule?.prototype, 'selectorText', rewrite);
  }
}

/** Where a rule is in its sheet, from the outside in; null once it has been removed. */
function pathOf(rule: CSSRule): number[] | null {
  const path: number[] = [];
  for (let current: CSSRule | null = rule; current; current = current.parentRule) {
    const siblings: CSSRuleList | undefined =
      (current.parentRule as CSSGroupingRule | null)?.cssRules ?? current.parentStyleSheet?.cssRules;
    const index = siblings ? Array.prototype.indexOf.call(siblings, current) : -1;
    if (index < 0) return null;
    path.unshift(index);
  }
  return path;
}
