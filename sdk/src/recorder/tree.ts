// The tree: the first snapshot and every change after it.
//
// Mutation records are collected and written once per frame. A flush reads the page as
// it is then, so a node that came and went leaves no trace, and an attribute that
// changed a hundred times is written once.
//
// A pass over a large tree stops when its time is over. What is left waits in `waiting`
// and is written by the next frame like any added node: each slice reads the page of
// its own moment, and changes to nodes that are not written yet need no event.

import { Mask, type Privacy } from '../privacy';
import { DomKind, EventType, Source, type AddedNode, type Emit, type NodeData, type RemovedNode } from './format';
import type { NodeIds } from './node-ids';
import { native, type Report } from './page-access';
import { isShadowRoot, openMode, recordedParent, type Serializer } from './serializer';

/** With what follows (JSON, hand-over) a task stays below 50 ms. */
const SLICE_MS = 12;
/** No event is much longer than this plus its longest value. */
const SLICE_CHARS = 1_000_000;
const NODES_PER_LOOK_AT_CLOCK = 32;
const XLINK = 'http://www.w3.org/1999/xlink';

type ChangedAttributes = Map<Element, Set<string>>;

interface AttributeChange {
  id: number;
  attributes: Record<string, string | null>;
}

const isOnlyStyle = (names: Set<string>): boolean => names.size === 1 && names.has('style');

export interface TreeEvents {
  /** Something has to be written soon. */
  wake(): void;
  /** A field may show another value now. */
  fieldChanged(field: Element): void;
}

export class Tree {
  private readonly observer: MutationObserver;
  private records: MutationRecord[] = [];
  private readonly waiting = new Set<Node>();
  private deadline_ms = 0;
  private nodesUntilLook = 0;
  private isOver = false;
  /** Until the page that was there at the start is written. */
  private isFirstPass = false;
  private readonly removes: RemovedNode[] = [];
  private readonly adds: AddedNode[] = [];

  constructor(
    private readonly ids: NodeIds,
    private readonly serializer: Serializer,
    private readonly privacy: Privacy,
    private readonly emit: Emit,
    private readonly events: TreeEvents,
    report: Report,
  ) {
    const Observer = native<typeof MutationObserver>(window, 'MutationObserver');
    this.observer = new Observer((records) => {
      try {
        this.keep(records);
        events.wake();
      } catch (error) {
        report(error);
      }
    });
  }

  /** Without old values: for `style` the browser would write them out at each change. */
  observe(root: Document | ShadowRoot): void {
    this.observer.observe(root, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
    });
  }

  stop(): void {
    this.observer.disconnect();
    this.records = [];
    this.waiting.clear();
  }

  /** Whether a part of the page is still to be written. */
  get hasMore(): boolean {
    return this.waiting.size > 0;
  }

  /** A document as one tree. Parts that take too long follow as added nodes. */
  snapshot(root: Document, isLast = false): NodeData {
    this.startSlice(isLast ? Infinity : SLICE_MS);
    this.privacy.forget();
    const data = this.nest(root, this.privacy.around(root), 0, false)!;
    this.isFirstPass = this.hasMore;
    return data;
  }

  private keep(records: MutationRecord[]): void {
    if (!this.records.length) this.records = records;
    else for (const record of records) this.records.push(record);
  }

  /** Forgets what was seen; a new snapshot shows it anyway. */
  discard(): void {
    this.observer.takeRecords();
    this.records = [];
    this.waiting.clear();
  }

  private startSlice(limit_ms: number): void {
    this.deadline_ms = performance.now() + limit_ms;
    this.nodesUntilLook = NODES_PER_LOOK_AT_CLOCK;
    this.serializer.size_chars = 0;
    this.isOver = false;
  }

  private isSliceOver(): boolean {
    if (this.isOver) return true;
    if (this.deadline_ms === Infinity) return false;
    if (this.serializer.size_chars > SLICE_CHARS) return (this.isOver = true);
    if (--this.nodesUntilLook > 0) return false;
    this.nodesUntilLook = NODES_PER_LOOK_AT_CLOCK;
    return (this.isOver = performance.now() > this.deadline_ms);
  }

  private nest(node: Node, around: Mask, rootId: number, isInShadow: boolean): NodeData | null {
    const data = this.serializer.describe(node, around, rootId, isInShadow);
    if (!data?.childNodes) return data;
    const inner = this.serializer.inner;
    if (!this.serializer.hasOpenContent(node)) {
      if (inner !== Mask.Blocked) this.serializer.noteScroll(node as Element, data, true);
      return data;
    }
    // Frames: what is below the document names it.
    const innerRootId = node.nodeType === DomKind.Document && node !== document ? data.id : rootId;
    this.nestChildren(node, data.childNodes, inner, innerRootId, false);
    if (data.attributes) {
      this.serializer.noteScroll(node as Element, data, true);
      if (data.isShadowHost) this.nestChildren((node as Element).shadowRoot!, data.childNodes, inner, innerRootId, true);
    }
    return data;
  }

  private nestChildren(parent: Node, into: NodeData[], inner: Mask, rootId: number, isInShadow: boolean): void {
    for (let child = parent.firstChild; child; child = child.nextSibling) {
      if (this.isSliceOver()) {
        for (let rest: Node | null = child; rest; rest = rest.nextSibling) this.postpone(rest);
        return;
      }
      const data = this.nest(child, inner, rootId, isInShadow);
      if (data) into.push(data);
    }
  }

  private postpone(node: Node): void {
    this.ids.forget(node);
    this.waiting.add(node);
  }

  /**
   * Writes what changed. With `isLast` everything, however long it takes. True when more
   * may have changed than text and movement.
   */
  flush(isLast: boolean): boolean {
    this.keep(this.observer.takeRecords());
    const records = this.records;
    if (this.privacy.hasOwnSelectors) this.privacy.forget();
    if (!records.length && !this.waiting.size) return false;
    this.records = [];
    this.startSlice(isLast ? Infinity : SLICE_MS);

    const attributes: ChangedAttributes = new Map();
    const texts = new Set<Text>();
    let mayMaskDiffer = false;
    for (const record of records) mayMaskDiffer = this.sort(record, attributes, texts) || mayMaskDiffer;
    if (mayMaskDiffer) this.privacy.forget();
    for (const [element, names] of attributes) this.againIfMaskChanged(element, names);

    const newestBefore = this.ids.newest;
    this.writeAdds();
    const data = {
      source: Source.Mutation,
      texts: this.textChanges(texts, newestBefore),
      attributes: this.attributeChanges(attributes, newestBefore),
      removes: this.removes.splice(0),
      adds: this.adds.splice(0),
    };
    if (data.texts.length || data.attributes.length || data.removes.length || data.adds.length) {
      this.emit(EventType.Incremental, data);
    }
    if (this.waiting.size) this.events.wake();
    return mayMaskDiffer;
  }

  /** True when masks may differ now. Text and movement, which are most of what changes, mask nothing. */
  private sort(record: MutationRecord, attributes: ChangedAttributes, texts: Set<Text>): boolean {
    const { target, type } = record;
    if (type === 'characterData') {
      // New text replaces rules that have another origin.
      if (this.serializer.inlined.has(target.parentNode as Element)) this.again(target.parentNode as Element);
      texts.add(target as Text);
      return false;
    }
    if (type === 'childList') {
      this.sortChildren(record, target as Element);
      return true;
    }
    const name = record.attributeName!;
    // A node that is not recorded yet will be recorded with the attributes it has then.
    if (this.ids.get(target)) {
      let names = attributes.get(target as Element);
      if (!names) attributes.set(target as Element, (names = new Set()));
      names.add(record.attributeNamespace === XLINK ? 'xlink:' + name : name);
    }
    return name !== 'style';
  }

  private sortChildren(record: MutationRecord, target: Element): void {
    const { addedNodes, removedNodes } = record;
    const tag = target.localName;
    if (tag === 'textarea') return this.events.fieldChanged(target);
    // Other options, maybe another choice.
    const select = (tag === 'select' || tag === 'optgroup') && target.closest('select');
    if (select) this.events.fieldChanged(select);
    // Players cannot give such a sheet new text; the element is written anew.
    if (tag === 'style' && this.serializer.inlined.has(target)) return this.again(target);
    for (let index = 0; index < removedNodes.length; index++) {
      this.remove(removedNodes[index]!, target);
    }
    for (let index = 0; index < addedNodes.length; index++) this.postpone(addedNodes[index]!);
  }

  private remove(node: Node, parent: Node): void {
    this.waiting.delete(node);
    const id = this.ids.get(node);
    const isShadow = isShadowRoot(parent);
    const parentId = this.ids.get(isShadow ? parent.host : parent);
    if (!id || !parentId) return;
    this.ids.forget(node);
    this.removes.push(isShadow ? { parentId, id, isShadow: true } : { parentId, id });
  }

  /** Writes an element as if it had been taken out and put back. */
  private again(element: Element): void {
    if (!element.parentNode || !this.ids.get(element)) return;
    this.remove(element, element.parentNode);
    this.waiting.add(element);
  }

  private againIfMaskChanged(element: Element, names: Set<string>): void {
    if (isOnlyStyle(names) || !element.isConnected) return;
    const around = this.privacy.around(element);
    const now = this.privacy.step(element, around);
    const before = this.serializer.states.get(element) ?? around;
    if (now !== before) {
      this.serializer.states.delete(element);
      this.again(element);
    }
  }

  private writeAdds(): void {
    if (!this.waiting.size) return;
    const known = new Map<Node, boolean>();
    /** Whether the node or something above it is to be written. */
    const isCovered = (node: Node | null): boolean => {
      if (!node) return false;
      let covered = known.get(node);
      if (covered === undefined) {
        covered = (this.waiting.has(node) && !this.ids.get(node)) || isCovered(recordedParent(node));
        known.set(node, covered);
      }
      return covered;
    };
    // The newest first: they are mostly the last of their siblings, so a slice looks at
    // little more than it writes.
    for (const node of Array.from(this.waiting).reverse()) {
      if (this.isSliceOver()) return;
      if (!this.waiting.has(node)) continue;
      // What is covered comes with what covers it. Kept, it could take the time of every slice.
      if (!node.isConnected || this.ids.get(node) || isCovered(recordedParent(node))) this.waiting.delete(node);
      else this.writeSiblings(node);
    }
    // What was below a written node is written now.
    if (this.isOver) return;
    this.waiting.clear();
    this.isFirstPass = false;
  }

  /**
   * Writes a node and the unwritten siblings around it, the last one first: so the next
   * sibling that an event names is always there already.
   */
  private writeSiblings(node: Node): void {
    const parent = node.parentNode!;
    const parentId = this.ids.get(recordedParent(node));
    const inner = parentId ? this.privacy.of(parent) : Mask.Blocked;
    if (inner === Mask.Blocked || !this.isRecordedContent(parent)) {
      this.waiting.delete(node);
      return;
    }
    let last = node;
    let next = node.nextSibling;
    for (; next && !this.ids.get(next); next = next.nextSibling) last = next;
    let nextId = this.ids.get(next) || null;
    const isInShadow = isShadowRoot(parent);
    const owner = node.ownerDocument!;
    const rootId = owner === document ? 0 : this.ids.get(owner);
    for (let one: Node | null = last; one && !this.ids.get(one); one = one.previousSibling) {
      if (this.isSliceOver()) return;
      this.waiting.delete(one);
      nextId = this.write(one, parentId, nextId, inner, rootId, isInShadow) || nextId;
    }
  }

  private isRecordedContent(parent: Node): boolean {
    const name = (parent as Element).localName;
    return name !== 'textarea' && name !== 'iframe' && name !== 'frame';
  }

  private write(
    node: Node,
    parentId: number,
    nextId: number | null,
    around: Mask,
    rootId: number,
    isInShadow: boolean,
  ): number {
    const data = this.serializer.describe(node, around, rootId, isInShadow);
    if (!data) return 0;
    this.adds.push({ parentId, nextId, node: data });
    if (!data.childNodes) return data.id;
    const inner = this.serializer.inner;
    if (inner === Mask.Blocked) return data.id;
    // What comes later scrolls with an event.
    if (this.isFirstPass) this.serializer.noteScroll(node as Element, data, false);
    if (!this.serializer.hasOpenContent(node)) return data.id;
    this.writeChildren(node, data.id, inner, rootId, false);
    if (data.isShadowHost) this.writeChildren((node as Element).shadowRoot!, data.id, inner, rootId, true);
    return data.id;
  }

  private writeChildren(parent: Node, parentId: number, inner: Mask, rootId: number, isInShadow: boolean): void {
    let nextId: number | null = null;
    for (let child = parent.lastChild; child; child = child.previousSibling) {
      if (this.isSliceOver()) {
        for (let rest = parent.firstChild!; ; rest = rest.nextSibling!) {
          this.postpone(rest);
          if (rest === child) return;
        }
      }
      nextId = this.write(child, parentId, nextId, inner, rootId, isInShadow) || nextId;
    }
  }

  /** The id of a node that was recorded before this flush and still is in the page. */
  private knownId(node: Node, newestBefore: number): number {
    const id = this.ids.get(node);
    return id && id <= newestBefore && node.isConnected ? id : 0;
  }

  private textChanges(texts: Set<Text>, newestBefore: number): { id: number; value: string }[] {
    const changes: { id: number; value: string }[] = [];
    for (const text of texts) {
      const parent = text.parentNode as Element | null;
      const parentTag = parent?.localName;
      if (parentTag === 'textarea') this.events.fieldChanged(parent!);
      const id = this.knownId(text, newestBefore);
      if (!id || text.nodeType !== DomKind.Text) continue;
      const around = this.privacy.around(text);
      if (around === Mask.Blocked) continue;
      changes.push({ id, value: this.serializer.text(text, around, parentTag) });
    }
    return changes;
  }

  private attributeChanges(changed: ChangedAttributes, newestBefore: number): AttributeChange[] {
    const changes: AttributeChange[] = [];
    for (const [element, names] of changed) {
      const id = this.knownId(element, newestBefore);
      if (!id) continue;
      // Where an element is and how it moves tells nothing, and changes most.
      const state = isOnlyStyle(names)
        ? (this.serializer.states.get(element) ?? Mask.Default)
        : this.privacy.of(element);
      if (state === Mask.Blocked) continue;
      const attributes: Record<string, string | null> = {};
      let hasAny = false;
      for (const name of names) {
        const recorded = this.attributeChange(element, name, element.getAttribute(name), state);
        if (recorded === undefined) continue;
        attributes[name] = recorded;
        hasAny = true;
        if (name === 'open' && element.localName === 'dialog' && recorded !== null) {
          attributes.rr_open_mode = openMode(element);
        }
      }
      if (hasAny) changes.push({ id, attributes });
    }
    return changes;
  }

  private attributeChange(
    element: Element,
    name: string,
    value: string | null,
    state: Mask,
  ): string | null | undefined {
    const tag = element.localName;
    if (tag === 'input' || tag === 'option' || tag === 'textarea') {
      if (name === 'type') this.privacy.rememberPassword(element);
      if (/^(type|value|checked|selected)$/.test(name)) {
        this.events.fieldChanged(tag === 'option' ? (element.closest('select') ?? element) : element);
      }
      if (name === 'value' && this.privacy.isIgnored(element)) return undefined;
      if (name === 'checked') return undefined;
    }
    // A linked sheet that is recorded by its text has no address in the recording.
    if (tag === 'link' && (name === 'href' || name === 'rel') && (element as HTMLLinkElement).sheet) return undefined;
    return value === null ? null : this.serializer.attribute(element, tag, name, value, state);
  }
}
