import { Replayer } from '@rrweb/replay';
import { drawableTime, keyframesOf, type Keyframe, type TimedEvent } from './keyframes';

export type RecordedEvent = TimedEvent & { data: unknown };

type ReplayerEvent = Parameters<Replayer['addEvent']>[0];
type ReplayerOptions = NonNullable<ConstructorParameters<typeof Replayer>[1]>;
type ReplayerPlugin = NonNullable<ReplayerOptions['plugins']>[number];

/** Beyond this the picture is moved to the clock's time, in recording time at normal speed. */
const allowed_drift_ms = 100;

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

/**
 * One run of loaded chunks on screen: the rrweb Replayer, with its own timer as a helper. The
 * player's clock leads; `follow` is called with its time and corrects what has drifted.
 */
export class RecordedPage {
  readonly #replayer: Replayer;
  readonly #first_ms: number;
  #keyframes: Keyframe[] = [];
  #events: RecordedEvent[] = [];
  #playing = false;
  #speed = 1;
  #drawn = false;

  private constructor(
    root: HTMLElement,
    events: RecordedEvent[],
    onSize: (width: number, height: number) => void,
  ) {
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
    // The Replayer starts empty and in live mode. Empty, because given events it schedules a redraw
    // of the first page that would overtake a seek. Live, because it otherwise "finishes" at the
    // last event it knows and then rebuilds everything when more arrive.
    this.#replayer = new Replayer([], {
      root,
      liveMode: true,
      showWarning: false,
      triggerFocus: false,
      mouseTail: still
        ? false
        : { duration: 500, lineCap: 'round', lineWidth: 2, strokeStyle: '#d92d20' },
      insertStyleRules: [blocked_style],
      plugins: [mark_blocked],
    });
    this.#first_ms = events[0]?.timestamp ?? 0;
    this.#replayer.on('resize', (size) => {
      const { width, height } = size as { width: number; height: number };
      onSize(width, height);
    });
  }

  static async open(
    root: HTMLElement,
    events: RecordedEvent[],
    onSize: (width: number, height: number) => void,
  ): Promise<RecordedPage> {
    const page = new RecordedPage(root, events, onSize);
    await page.append(events);
    return page;
  }

  async append(events: RecordedEvent[]): Promise<void> {
    if (events.length === 0) return;
    this.#events = this.#events.concat(events);
    this.#keyframes = keyframesOf(this.#events);
    for (const event of events) this.#replayer.addEvent(event as ReplayerEvent);
    // The Replayer takes events in microtasks; after a task they are all there.
    await new Promise((resolve) => setTimeout(resolve));
  }

  get can_draw(): boolean {
    return this.#keyframes.length > 0;
  }

  /** Draws one frame and stands still. */
  show(at_ms: number): void {
    const drawable_ms = drawableTime(this.#keyframes, at_ms);
    if (drawable_ms === null) return;
    this.#playing = false;
    this.#drawn = true;
    this.#replayer.pause(drawable_ms - this.#first_ms);
  }

  /** Brings the picture to the clock's state; cheap when it already agrees. */
  follow(at_ms: number, playing: boolean, speed: number): void {
    if (!playing) {
      if (this.#playing || !this.#drawn) this.show(at_ms);
      return;
    }
    if (speed !== this.#speed) {
      this.#speed = speed;
      this.#replayer.setConfig({ speed });
    }
    const drawable_ms = drawableTime(this.#keyframes, at_ms);
    if (drawable_ms === null) return;
    // Waiting for a snapshot that is about to come is no drift.
    const shown_ms = this.#first_ms + this.#replayer.getCurrentTime();
    const drift_ms = drawable_ms - shown_ms;
    if (this.#playing && Math.abs(drift_ms) <= allowed_drift_ms * Math.max(1, speed)) return;
    this.#playing = true;
    this.#drawn = true;
    this.#replayer.play(drawable_ms - this.#first_ms);
  }

  close(): void {
    this.#replayer.destroy();
  }
}
