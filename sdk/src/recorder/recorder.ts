// The recorder: watches a page and its frames, and emits what happens as events.

import { Privacy } from '../privacy';
import { EventType, Source, type Emit, type NodeData, type Stop } from './format';
import { Fields } from './fields';
import { Interaction, viewport } from './interaction';
import { NodeIds } from './node-ids';
import { cancelFrame, cancelLater, guard, later, nextFrame, Stops, type Report } from './page-access';
import { Serializer } from './serializer';
import { StyleSheets } from './style-sheets';
import { Tree } from './tree';
import { hookMethod } from './patches';

/** A page in the background gets no frames; its changes are written by a timer. */
const HIDDEN_FLUSH_MS = 250;

export interface RecorderOptions {
  privacy: Privacy;
  report: Report;
  shouldInlineStylesheet: boolean;
  applyBackgroundColorToBlockedElements: boolean;
}

export class Recorder {
  private readonly ids = new NodeIds();
  private readonly emit: Emit;
  private readonly sheets: StyleSheets;
  private readonly fields: Fields;
  private readonly tree: Tree;
  private readonly interaction: Interaction;
  private readonly stops: Stops;
  /** What is undone when a frame's document is gone. */
  private readonly documents = new Map<Document, Stops>();
  private readonly knownRoots = new WeakSet<ShadowRoot>();
  /** The frame element, by id, under which a frame's document was written. */
  private writtenUnder = new WeakMap<Document, number>();
  private readonly newFrames = new Set<HTMLIFrameElement>();
  private scrolled: Element[] = [];
  private frameRequest = 0;
  private timer = 0;
  private isRunning = false;
  private isFlushing = false;
  private address = '';

  constructor(
    emit: Emit,
    private readonly options: RecorderOptions,
  ) {
    const { report, privacy } = options;
    this.emit = (type, data, timestamp) => {
      if (this.isRunning) emit(type, data, timestamp);
    };
    this.stops = new Stops(report);
    this.sheets = new StyleSheets(this.ids, this.emit, report, options.shouldInlineStylesheet, () => this.wake());
    this.fields = new Fields(this.ids, privacy, this.emit, report, () => this.wake());
    const found = {
      shadowRoot: (root: ShadowRoot) => this.addShadowRoot(root),
      frame: (frame: HTMLIFrameElement) => void this.newFrames.add(frame),
      choice: (select: HTMLSelectElement) => this.fields.note(select),
      scrolled: (element: Element) => void this.scrolled.push(element),
    };
    const serializer = new Serializer(this.ids, privacy, this.sheets, found, options);
    const treeEvents = { wake: () => this.wake(), fieldChanged: (field: Element) => this.fields.note(field) };
    this.tree = new Tree(this.ids, serializer, privacy, this.emit, treeEvents, report);
    this.interaction = new Interaction({ emit: this.emit, report, idOf: (node) => this.idOf(node) });
  }

  start(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    this.addDocument(document);
    this.interaction.listenToViewport(this.stops);
    this.stops.listen(document, 'visibilitychange', () => {
      if (document.hidden) this.flush();
    });
    // An address may change without anything else; without this it is seen with the next change.
    const { navigation } = window as { navigation?: EventTarget };
    this.stops.listen(navigation ?? window, navigation ? 'currententrychange' : 'click', () => this.wake());
    this.takeFullSnapshot();
  }

  stop(): void {
    if (!this.isRunning) return;
    this.flush(true);
    this.isRunning = false;
    this.cancelWake();
    this.tree.stop();
    for (const stops of this.documents.values()) stops.stop();
    this.documents.clear();
    this.stops.stop();
  }

  /** Shows the page from the beginning; everything before can be thrown away. */
  takeFullSnapshot(): void {
    this.interaction.flush();
    this.tree.discard();
    this.ids.reset();
    this.sheets.reset();
    this.fields.reset();
    this.writtenUnder = new WeakMap();
    this.newFrames.clear();
    this.emit(EventType.Meta, { href: this.noteAddress(), ...viewport() });
    const node = this.tree.snapshot(document);
    const initialOffset = { left: window.scrollX, top: window.scrollY };
    this.emit(EventType.FullSnapshot, { node, initialOffset });
    this.afterTree();
    this.wake();
  }

  /** Writes what has changed. With `isLast` also what would wait for the next frames. */
  flush(isLast = false): void {
    if (!this.isRunning || this.isFlushing) return;
    this.isFlushing = true;
    guard(this.options.report, () => {
      this.cancelWake();
      this.checkAddress();
      const newestBefore = this.ids.newest;
      const mayDocumentsDiffer = this.tree.flush(isLast);
      this.fields.flush(newestBefore);
      this.afterTree(isLast, mayDocumentsDiffer);
      if (isLast) this.interaction.flush();
    })();
    this.isFlushing = false;
    if (this.tree.hasMore) this.wake();
  }

  /** Whether everything that has happened so far is written. */
  get isUpToDate(): boolean {
    return !this.frameRequest && !this.timer && !this.tree.hasMore;
  }

  private afterTree(isLast = false, mayDocumentsDiffer = true): void {
    mayDocumentsDiffer ||= this.newFrames.size > 0;
    for (const frame of this.newFrames) {
      this.newFrames.delete(frame);
      this.attachFrame(frame, isLast);
    }
    for (const doc of mayDocumentsDiffer ? this.documents.keys() : []) {
      if (!doc.defaultView) this.removeDocument(doc);
      // `adoptedStyleSheets.push()` passes every hook by.
      else this.sheets.check(doc);
    }
    for (const element of this.scrolled.splice(0)) this.interaction.scroll(element);
    this.sheets.flush();
  }

  /** The address as it may be recorded. */
  private noteAddress(): string {
    const { privacy } = this.options;
    const { href } = location;
    this.address = document.URL;
    privacy.pageIs(href);
    return privacy.url(href);
  }

  private checkAddress(): void {
    // A hundred times faster than `location.href`.
    if (document.URL === this.address) return;
    const { width, height } = viewport();
    this.emit(EventType.Plugin, {
      plugin: 'amplitude/url-tracking@1',
      payload: {
        href: this.noteAddress(),
        title: '',
        viewportWidth: width,
        viewportHeight: height,
        type: 'url-change-event',
      },
    });
  }

  private wake(): void {
    if (this.frameRequest || this.timer || !this.isRunning) return;
    if (document.hidden) {
      this.timer = later(this.options.report, () => this.flush(), HIDDEN_FLUSH_MS);
    } else {
      this.frameRequest = nextFrame(() => {
        this.frameRequest = 0;
        this.flush();
      });
    }
  }

  private cancelWake(): void {
    if (this.frameRequest) cancelFrame(this.frameRequest);
    if (this.timer) cancelLater(this.timer);
    this.frameRequest = this.timer = 0;
  }

  /** An id for a node that another recorder writes into this recording. */
  newId(): number {
    return ++this.ids.newest;
  }

  /** 0 for a node that is not in the recording. */
  idOfRecorded(node: Node): number {
    return this.ids.get(node);
  }

  /** A node that just came is written first, so that the event finds it. */
  private idOf(node: Node): number {
    if (!this.ids.get(node)) this.flush();
    let current: Node | null = node;
    while (current && !this.ids.get(current)) {
      current = current.parentNode ?? (current as ShadowRoot).host ?? null;
    }
    return this.ids.get(current);
  }

  private addDocument(doc: Document): void {
    const view = doc.defaultView as (Window & typeof globalThis) | null;
    if (!view) return;
    const stops = new Stops(this.options.report);
    this.documents.set(doc, stops);
    const ofWindow: Stop[] = [];
    for (const observed of [this.sheets.observe(view), this.fields.observe(view)]) ofWindow.push(() => observed.stop());
    ofWindow.forEach((stop) => stops.add(stop));
    hookMethod(stops, view.Element.prototype, 'attachShadow', (host: Element) => {
      // A host that is not recorded yet brings its root along.
      if (host.shadowRoot && this.ids.get(host) && host.isConnected) this.addShadowRoot(host.shadowRoot);
    });
    hookMethod(stops, view.customElements && view.CustomElementRegistry.prototype, 'define', (_registry, [name]) => {
      this.emit(EventType.Incremental, { source: Source.CustomElement, define: { name } });
    });
    this.interaction.listenToDocument(doc, stops);
    this.listenToRoot(doc, stops);
    this.tree.observe(doc);
  }

  private removeDocument(doc: Document): void {
    this.documents.get(doc)?.stop();
    this.documents.delete(doc);
  }

  private addShadowRoot(root: ShadowRoot): void {
    this.sheets.check(root);
    if (this.knownRoots.has(root)) return;
    this.knownRoots.add(root);
    this.listenToRoot(root, this.documents.get(root.ownerDocument) ?? this.stops);
    this.tree.observe(root);
  }

  private listenToRoot(root: Document | ShadowRoot, stops: Stops): void {
    this.interaction.listenToRoot(root, stops);
    this.fields.listen(root, stops);
    stops.listen(root, 'load', (event: Event) => this.loaded(event.target as Element));
  }

  /** A sheet or a frame has arrived. */
  private loaded(element: Element): void {
    if (!this.ids.get(element)) return;
    if (element.localName === 'link') {
      const text = this.sheets.textOfLink(element as HTMLLinkElement);
      if (text === undefined) return;
      this.flush();
      const attributes = { _cssText: text, rel: null, href: null };
      this.emitMutation({ attributes: [{ id: this.ids.get(element), attributes }] });
    } else if (/^i?frame$/.test(element.localName)) {
      this.newFrames.add(element as HTMLIFrameElement);
      this.wake();
    }
  }

  private attachFrame(frame: HTMLIFrameElement, isLast: boolean): void {
    const parentId = this.ids.get(frame);
    const doc = frame.contentDocument;
    if (!parentId || !doc?.defaultView || this.writtenUnder.get(doc) === parentId) return;
    // The empty document that a frame has until its own arrives.
    const isStillEmpty = doc.URL === 'about:blank' && !doc.body?.firstChild;
    const src = frame.getAttribute('src');
    if (isStillEmpty && (frame.hasAttribute('srcdoc') || (src && src !== 'about:blank'))) return;
    const node: NodeData = this.tree.snapshot(doc, isLast);
    this.emitMutation({ adds: [{ parentId, nextId: null, node }], isAttachIframe: true });
    this.writtenUnder.set(doc, parentId);
    if (!this.documents.has(doc)) this.addDocument(doc);
    if (doc.defaultView.scrollX || doc.defaultView.scrollY) this.interaction.scroll(doc);
  }

  private emitMutation(part: object): void {
    this.emit(EventType.Incremental, {
      source: Source.Mutation,
      texts: [],
      attributes: [],
      removes: [],
      adds: [],
      ...part,
    });
  }
}
