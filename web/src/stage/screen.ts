import { Replayer } from '@rrweb/replay';
import { event_type, fromLastSnapshot, isMove, source, type RecordedEvent } from './tape';

type ReplayerOptions = NonNullable<ConstructorParameters<typeof Replayer>[1]>;
type ReplayerPlugin = NonNullable<ReplayerOptions['plugins']>[number];

/**
 * The Replayer is used as what draws events, not as what plays them: its timer, its list of events
 * and its seeking are not. The version is pinned, and these are the few insides that takes.
 */
interface ReplayerInsides {
  getCastFn(event: RecordedEvent, isSync: boolean): () => void;
  emitter: { emit(name: 'flush'): void };
  service: { state: { context: { events: RecordedEvent[] } } };
  mouse: HTMLElement;
  newDocumentQueue: unknown[];
  mousePos: unknown;
}

/** From this many changes on, a jump builds the page in the Replayer's virtual document first. */
const virtual_from_changes = 3_000;
/** The Replayer keeps every style sheet text it has seen; after so many snapshots it forgets them. */
const forget_sheets_after = 40;

const hidden_word =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='44' height='16'%3E" +
  "%3Crect width='44' height='16' fill='%23f7f8f9'/%3E%3Ctext x='22' y='12' text-anchor='middle' " +
  "font-family='sans-serif' font-size='11' fill='%234f5864'%3Ehidden%3C/text%3E%3C/svg%3E";

/** Blocked elements keep only their size; they become hatched boxes with the word "hidden". */
const blocked_style = `[data-reenact-hidden] {
  background: url("${hidden_word}") center no-repeat,
    repeating-linear-gradient(45deg, #dfe3e7 0 2px, #f7f8f9 2px 8px) !important;
  outline: 1px solid #7a838d !important;
  outline-offset: -1px !important;
  overflow: hidden !important;
  color: transparent !important;
}`;

const mark_blocked: ReplayerPlugin = {
  onBuild(node, { id, replayer }) {
    if (node.nodeType !== 1) return;
    const recorded = replayer.getMirror().getNode(id) === node ? replayer.getMirror().getMeta(node) : null;
    const known = recorded as { attributes?: Record<string, unknown>; needBlock?: boolean } | null;
    if (known?.needBlock || known?.attributes?.['rr_width'] !== undefined) {
      (node as Element).setAttribute('data-reenact-hidden', '');
    }
  },
};

/** The rebuilt page. Holds no events and no time: it is told what to apply. */
export class Screen {
  readonly #replayer: Replayer;
  readonly #insides: ReplayerInsides;
  #snapshots = 0;
  /** Scrolling glides while playing at ordinary speed; everything else is a cut. */
  smooth_scroll = false;
  faults = 0;

  constructor(root: HTMLElement, onSize: (width: number, height: number) => void) {
    // Live mode, because it otherwise looks for the end of its list of events after each of them.
    this.#replayer = new Replayer([], {
      root,
      liveMode: true,
      showWarning: false,
      triggerFocus: false,
      mouseTail: false,
      insertStyleRules: [blocked_style],
      plugins: [mark_blocked],
    });
    this.#insides = this.#replayer as unknown as ReplayerInsides;
    this.#replayer.on('resize', (size) => {
      const { width, height } = size as { width: number; height: number };
      onSize(width, height);
    });
  }

  get document(): Document | null {
    return this.#replayer.iframe.contentDocument;
  }

  get mirror() {
    return this.#replayer.getMirror();
  }

  get node_count(): number {
    return this.mirror.getIds().length;
  }

  /** Where the recorded pointer stands, in pixels of the page. */
  get pointer(): { x: number; y: number } | null {
    const { left, top } = this.#insides.mouse.style;
    return left === '' ? null : { x: parseFloat(left), y: parseFloat(top) };
  }

  get touch(): boolean {
    return this.#insides.mouse.classList.contains('touch-device');
  }

  /** The state of a moment, as the server describes it: everything before is void. */
  showState(events: RecordedEvent[]): void {
    const anchor = events[0];
    const snapshot = events.some((event) => event.type === event_type.full_snapshot);
    if (!anchor || !snapshot) throw new Error('There is no full picture of the page for this moment');
    // Media elements are placed relative to the first event the Replayer knows.
    this.#insides.service.state.context.events.splice(0, Infinity, anchor);
    this.#insides.newDocumentQueue = [];
    this.#insides.mousePos = null;
    this.#insides.mouse.removeAttribute('style');
    this.#insides.mouse.classList.remove('touch-active', 'active');
    this.apply(events, true);
  }

  /** `at_once`: nobody sees what is between, so it need not be drawn. */
  apply(events: RecordedEvent[], at_once: boolean): void {
    const needed = at_once ? fromLastSnapshot(events) : events;
    const in_virtual_document = at_once && exceedsChanges(needed, virtual_from_changes);
    for (const event of needed) {
      try {
        this.#insides.getCastFn(event, this.#isSync(event, at_once, in_virtual_document))();
      } catch (error) {
        // A page that cannot be built is worth a word; one odd change is not.
        if (event.type === event_type.full_snapshot) throw error;
        this.faults += 1;
      }
    }
    this.#insides.emitter.emit('flush');
  }

  /** CSS animations of the page run while the replay plays. */
  setRunning(running: boolean): void {
    this.document?.documentElement?.classList.toggle('rrweb-paused', !running);
  }

  /** What the Replayer calls sync: no animation, and changes go to the virtual document. */
  #isSync(event: RecordedEvent, at_once: boolean, in_virtual_document: boolean): boolean {
    if (event.type === event_type.full_snapshot) {
      this.#beforeSnapshot();
      return true;
    }
    if (event.type !== event_type.incremental) return at_once;
    if (event.data.source === source.touch_move) this.#insides.mouse.classList.add('touch-device');
    if (event.data.source === source.mouse_interaction) this.#noticePointer(event);
    if (event.data.source === source.mutation) return in_virtual_document;
    // Not sync would mean the Replayer's own timer.
    if (isMove(event)) return true;
    if (event.data.source === source.scroll) return at_once || !this.smooth_scroll;
    return at_once;
  }

  #noticePointer(event: RecordedEvent): void {
    const { type, pointerType } = event.data as { type?: number; pointerType?: number };
    const by_touch = pointerType === 2 || type === 7 || type === 9;
    if (by_touch || pointerType === 0) this.#insides.mouse.classList.toggle('touch-device', by_touch);
  }

  #beforeSnapshot(): void {
    this.#snapshots += 1;
    if (this.#snapshots % forget_sheets_after === 0) this.#replayer.resetCache();
    const page = this.document;
    if (!page) return;
    // The frame's document is written anew, but these live on.
    page.adoptedStyleSheets = [];
    page.fonts.clear();
  }
}

function exceedsChanges(events: RecordedEvent[], limit: number): boolean {
  let changes = 0;
  for (const { type, data } of events) {
    if (type !== event_type.incremental || data.source !== source.mutation) continue;
    for (const list of [data['adds'], data['removes'], data['texts'], data['attributes']]) {
      if (Array.isArray(list)) changes += list.length;
    }
    if (changes > limit) return true;
  }
  return false;
}
