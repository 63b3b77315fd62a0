// What the visitor does: pointer, touch, focus, scrolling, selection, media, viewport.

import { DomKind, EventType, Source, type Emit } from './format';
import { later, Stops, throttle, type Report } from './page-access';

const MOVE_SAMPLE_MS = 50;
const MOVE_BATCH_MS = 500;
const SCROLL_MS = 100;
const RESIZE_MS = 200;
const MEDIA_MS = 500;

// Positions are the wire values of the interaction's type.
const INTERACTIONS =
  'mouseup mousedown click contextmenu dblclick focus blur touchstart - touchend touchcancel'.split(' ');
const POINTERS = ['mouse', 'pen', 'touch'];
const MEDIA = 'play pause seeked volumechange ratechange'.split(' ');

export interface InteractionDeps {
  emit: Emit;
  report: Report;
  /** The id of a node, or of the nearest thing above it that is recorded; 0 for none. */
  idOf(node: Node): number;
}

interface Position {
  x: number;
  y: number;
  id: number;
  timeOffset: number;
}

export class Interaction {
  private positions: Position[] = [];
  private positionsSource = Source.MouseMove;
  private lastMove_ms = 0;
  /** Documents in which something is selected. */
  private readonly selected = new WeakSet<Document>();
  private readonly sendPositions;

  constructor(private readonly deps: InteractionDeps) {
    this.sendPositions = throttle(deps.report, MOVE_BATCH_MS, () => this.writePositions());
  }

  private write(data: object): void {
    this.deps.emit(EventType.Incremental, data);
  }

  /** Listens to what does leave a shadow root. */
  listenToDocument(doc: Document, stops: Stops): void {
    stops.listen(doc, 'mousemove', (event: MouseEvent) => this.move(Source.MouseMove, event, [event]));
    stops.listen(doc, 'drag', (event: MouseEvent) => this.move(Source.Drag, event, [event]));
    stops.listen(doc, 'touchmove', (event: TouchEvent) => {
      this.move(Source.TouchMove, event, Array.from(event.changedTouches));
    });
    for (const [type, name] of INTERACTIONS.entries()) {
      if (name !== '-') stops.listen(doc, name, (event: MouseEvent) => this.interact(type, event));
    }
    stops.listen(
      doc,
      'selectionchange',
      throttle(this.deps.report, MOVE_SAMPLE_MS, () => this.select(doc)),
    );
  }

  /** Listens to what does not. */
  listenToRoot(root: Document | ShadowRoot, stops: Stops): void {
    // Several boxes can scroll at once, each needs its last position.
    const scrolled = new Set<Node>();
    const writeScrolls = throttle(this.deps.report, SCROLL_MS, () => {
      for (const node of scrolled) this.scroll(node);
      scrolled.clear();
    });
    stops.listen(root, 'scroll', (event: Event) => {
      scrolled.add(event.target as Node);
      writeScrolls();
    });
    stops.add(writeScrolls.flush);
    const writeMedia = throttle(this.deps.report, MEDIA_MS, (type: number, media: HTMLMediaElement) => {
      this.media(type, media);
    });
    for (const [type, name] of MEDIA.entries()) {
      stops.listen(root, name, (event: Event) => {
        const media = event.target as HTMLMediaElement;
        if (!/^(AUDIO|VIDEO)$/.test(media.nodeName)) return;
        // Play and pause always count; a dragged slider only where it stops.
        if (type < 2) this.media(type, media);
        else writeMedia(type, media);
      });
    }
  }

  listenToViewport(stops: Stops): void {
    const resize = throttle(this.deps.report, RESIZE_MS, () => {
      this.write({ source: Source.ViewportResize, ...viewport() });
    });
    stops.listen(window, 'resize', resize);
  }

  /** Writes what is collected. */
  flush(): void {
    this.sendPositions.flush();
  }

  private writePositions(): void {
    const positions = this.positions.splice(0);
    if (!positions.length) return;
    const now_ms = Date.now();
    for (const position of positions) position.timeOffset -= now_ms;
    this.deps.emit(EventType.Incremental, { source: this.positionsSource, positions }, now_ms);
  }

  private move(source: Source, event: Event, points: { clientX: number; clientY: number }[]): void {
    const now_ms = Date.now();
    const passed_ms = now_ms - this.lastMove_ms;
    if (passed_ms >= 0 && passed_ms < MOVE_SAMPLE_MS) return;
    if (source !== this.positionsSource) this.writePositions();
    this.positionsSource = source;
    const target = event.composedPath()[0] as Node;
    const id = target?.nodeType ? this.deps.idOf(target) : 0;
    if (!id) return;
    this.lastMove_ms = now_ms;
    const isFirst = !this.positions.length;
    for (const { clientX, clientY } of points) {
      this.positions.push({ x: clientX, y: clientY, id, timeOffset: now_ms });
    }
    if (isFirst) later(this.deps.report, this.sendPositions, MOVE_BATCH_MS);
  }

  private interact(type: number, event: MouseEvent): void {
    const target = event.composedPath()[0] as Node;
    // The window's own focus and blur come here too.
    if (target?.nodeType !== DomKind.Element) return;
    const id = this.deps.idOf(target);
    if (!id) return;
    const data: Record<string, number> = { source: Source.MouseInteraction, type, id };
    const point = (event as unknown as TouchEvent).changedTouches?.[0] ?? event;
    if (point.clientX !== undefined) {
      data.x = point.clientX;
      data.y = point.clientY;
    }
    const pointer = POINTERS.indexOf((event as PointerEvent).pointerType);
    if (pointer >= 0) data.pointerType = pointer;
    this.write(data);
  }

  scroll(node: Node): void {
    const id = this.deps.idOf(node);
    if (!id || !node.isConnected) return;
    const isDocument = node.nodeType === DomKind.Document;
    const view = (node as Document).defaultView;
    const element = node as Element;
    const x = isDocument ? (view?.scrollX ?? 0) : element.scrollLeft;
    const y = isDocument ? (view?.scrollY ?? 0) : element.scrollTop;
    this.write({ source: Source.Scroll, id, x, y });
  }

  private select(doc: Document): void {
    const selection = doc.getSelection();
    if (!selection) return;
    const ranges = [];
    for (let index = 0; index < (selection.isCollapsed ? 0 : selection.rangeCount); index++) {
      const { startContainer, startOffset, endContainer, endOffset } = selection.getRangeAt(index);
      const start = this.deps.idOf(startContainer);
      const end = this.deps.idOf(endContainer);
      if (start && end) ranges.push({ start, startOffset, end, endOffset });
    }
    // Typing moves the caret all the time.
    if (!ranges.length && !this.selected.delete(doc)) return;
    if (ranges.length) this.selected.add(doc);
    this.write({ source: Source.Selection, ranges });
  }

  private media(type: number, media: HTMLMediaElement): void {
    const id = this.deps.idOf(media);
    if (!id) return;
    const { currentTime, volume, muted, playbackRate, loop } = media;
    this.write({ source: Source.MediaInteraction, type, id, currentTime, volume, muted, playbackRate, loop });
  }
}

export function viewport(): { width: number; height: number } {
  return { width: window.innerWidth, height: window.innerHeight };
}
