import { videoUrl } from '$lib/api/client';
import type { VideoPart } from '$lib/api/types';
import { Overlay } from '../../stage/overlay';
import { clockTimeAt, wallTime, type ClockState, type FromStage, type ToStage } from './stage-protocol';
import { gesturesOf, nextPart, videoAt, type Gesture, type VideoMoment } from './video-parts';

/** A film that is this far off is put right; the recorders take a picture a second. */
const tolerated_s = 0.1;
/** A film that does not come is not waited for longer. */
const picture_limit_ms = 8_000;

/**
 * Shows films of a screen in the place of a recorded page, and speaks the stage's language, so that the
 * player does not know the difference. The films do not run by themselves: each picture is asked for
 * when the player's clock is there, which keeps speed, pause and gaps exact.
 */
export class VideoSurface {
  /** Two of them: while one is seen, the other loads what comes next. */
  readonly #films: [HTMLVideoElement, HTMLVideoElement];
  readonly #overlay: Overlay;
  #front = 0;
  #clock: ClockState & { seek: number } = { seek: -2, wall_ms: 0, at_ms: 0, playing: false, speed: 1, ceiling_ms: 0 };
  #seek = -1;
  #applied_ms = 0;
  #frame = 0;
  #gestures: Gesture[] = [];
  #size = { width: 0, height: 0 };
  readonly #observer: ResizeObserver;

  constructor(
    readonly replay_id: string,
    readonly parts: () => readonly VideoPart[],
    readonly box: HTMLElement,
    readonly root: HTMLElement,
    readonly say: (message: FromStage) => void,
    readonly onMissing: (missing_ms: number | null) => void,
  ) {
    this.#films = [film(root), film(root)];
    this.#overlay = new Overlay(root);
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(box);
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    this.#observer.disconnect();
    for (const one of this.#films) {
      one.removeAttribute('src');
      one.load();
    }
    this.root.replaceChildren();
  }

  take(message: ToStage): void {
    switch (message.kind) {
      case 'load':
        this.#gestures = parsed(message.bytes);
        return void this.#show(message.seek, message.at_ms);
      case 'append':
        if (message.seek === this.#seek) this.#gestures = this.#gestures.concat(parsed(message.bytes).filter(({ at_ms }) => at_ms > message.after_ms));
        return;
      case 'jump':
        return void this.#show(message.seek, message.at_ms);
      case 'clock':
        this.#clock = message;
        return this.#requestNext();
      case 'options':
        this.#overlay.trail_shown = message.trail;
        this.#overlay.still = message.still;
        return;
      // There are no elements in a film.
      case 'find_change':
        return this.say({ kind: 'change', request: message.request, at_ms: null });
      case 'inspect':
        return this.say({ kind: 'nodes', request: message.request, nodes: [] });
      case 'pick':
        return this.say({ kind: 'path', request: message.request, path: [] });
      case 'measure':
        return this.say({ kind: 'box', request: message.request, box: null });
      case 'describe':
        return this.say({ kind: 'element', request: message.request, element: null });
      case 'highlight':
        return;
    }
  }

  /** Puts a moment on the screen and tells the player when it is there. */
  async #show(seek: number, at_ms: number): Promise<void> {
    this.#seek = seek;
    this.#overlay.clear();
    this.#applied_ms = at_ms;
    const moment = videoAt(this.parts(), at_ms);
    try {
      if (moment) await this.#picture(moment, true);
      else this.#fitTo(this.parts()[0]);
    } catch (error) {
      if (seek === this.#seek) this.say({ kind: 'error', seek, message: error instanceof Error ? error.message : String(error) });
      return;
    }
    if (seek !== this.#seek) return;
    this.onMissing(moment ? moment.missing_ms || null : 0);
    this.say({ kind: 'shown', seek, node_count: 0 });
    this.#requestNext();
  }

  /** The film's picture of a moment. While it plays, a picture that is late is not waited for. */
  async #picture({ part, second }: VideoMoment, wait: boolean): Promise<void> {
    let shown = this.#films[this.#front] as HTMLVideoElement;
    if (shown.dataset.part !== part.id) {
      const other = this.#films[1 - this.#front] as HTMLVideoElement;
      open(other, part, this.replay_id);
      if (!wait && other.readyState < HTMLMediaElement.HAVE_CURRENT_DATA && !other.error) return;
      await seekTo(other, second);
      // A newer request may have turned the films around meanwhile.
      if (other.dataset.part !== part.id) return;
      this.#front = this.#films.indexOf(other);
      for (const one of this.#films) one.classList.toggle('seen', one === other);
      this.#fitTo(part);
      shown = other;
    } else if (Math.abs(shown.currentTime - second) > tolerated_s && (wait || !shown.seeking)) {
      if (wait) await seekTo(shown, second);
      else shown.currentTime = second;
    }
    const next = nextPart(this.parts(), part);
    if (next) open(this.#films[1 - this.#front] as HTMLVideoElement, next, this.replay_id);
  }

  #onFrame(): void {
    if (this.#clock.seek !== this.#seek) return;
    const at_ms = clockTimeAt(this.#clock, wallTime());
    if (at_ms > this.#applied_ms) {
      this.#gesture(at_ms);
      this.#applied_ms = at_ms;
      const moment = videoAt(this.parts(), at_ms);
      // A film that breaks while playing stays at its last picture; a seek says what is wrong.
      if (moment) this.#picture(moment, false).catch(() => {});
      this.onMissing(moment ? moment.missing_ms || null : 0);
    }
    this.#overlay.draw(at_ms);
    if (this.#clock.playing) this.#requestNext();
  }

  #gesture(at_ms: number): void {
    for (const one of this.#gestures) {
      if (one.at_ms <= this.#applied_ms) continue;
      if (one.at_ms > at_ms) break;
      if (one.kind === 'start') this.#overlay.pressed(one.x, one.y, one.at_ms, true);
      this.#overlay.moved(one.x, one.y, one.at_ms);
    }
  }

  #fitTo(part: VideoPart | undefined): void {
    if (!part || (part.width_px === this.#size.width && part.height_px === this.#size.height)) return;
    this.#size = { width: part.width_px, height: part.height_px };
    this.#overlay.resize(part.width_px, part.height_px);
    this.#fit();
  }

  #fit(): void {
    const { width, height } = this.#size;
    const { clientWidth, clientHeight } = this.box;
    if (width === 0 || height === 0 || clientWidth === 0) return;
    // Films are small pictures of small screens: they may grow, unlike pages.
    const scale = Math.min(2, clientWidth / width, clientHeight / height);
    const left = Math.max(0, (clientWidth - width * scale) / 2);
    const top = Math.max(0, (clientHeight - height * scale) / 2);
    this.root.style.width = `${width}px`;
    this.root.style.height = `${height}px`;
    this.root.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    this.say({ kind: 'size', width, height, scale, left, top });
  }

  #requestNext(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#onFrame());
  }
}

function film(root: HTMLElement): HTMLVideoElement {
  const element = document.createElement('video');
  element.muted = true;
  element.playsInline = true;
  element.preload = 'auto';
  element.disablePictureInPicture = true;
  element.tabIndex = -1;
  root.append(element);
  return element;
}

function open(element: HTMLVideoElement, part: VideoPart, replay_id: string): void {
  if (element.dataset.part === part.id) return;
  element.dataset.part = part.id;
  element.src = videoUrl(replay_id, part.id);
}

/** Resolves when the picture of this second is there. */
function seekTo(element: HTMLVideoElement, second: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      clearTimeout(limit);
      for (const name of ['seeked', 'loadeddata', 'error']) element.removeEventListener(name, look);
    };
    const look = () => {
      if (element.error) {
        done();
        reject(new Error('This browser cannot show the film of the screen'));
      } else if (element.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA && !element.seeking) {
        done();
        resolve();
      }
    };
    const limit = setTimeout(() => {
      done();
      reject(new Error('The film of the screen does not arrive'));
    }, picture_limit_ms);
    for (const name of ['seeked', 'loadeddata', 'error']) element.addEventListener(name, look);
    if (Math.abs(element.currentTime - second) > tolerated_s) element.currentTime = second;
    look();
  });
}

function parsed(bytes: ArrayBuffer): Gesture[] {
  return gesturesOf(JSON.parse(new TextDecoder().decode(bytes)));
}
