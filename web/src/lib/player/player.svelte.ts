import { api, asApiError, isAbort, type ApiError } from '$lib/api/client';
import type { Manifest, TimeSpan } from '$lib/api/types';
import { durationText } from '$lib/format/duration';
import { remember, remembered } from '$lib/ui/remembered';
import { Buffer, type Slot } from './buffer';
import { ChunkLoader } from './chunk-loader';
import { Clock } from './clock';
import { idleSpans, lastStartedIndex, skipTarget } from './idle';
import type { FromStage, ToStage } from './stage-protocol';

export const speeds = [0.5, 1, 1.5, 2, 4, 8, 16] as const;

const poll_live_every_ms = 2_000;
const sync_every_ms = 250;
const page_every_ms = 100;
/** How long the notice stands before idle time is jumped over. */
const skip_notice_ms = 700;
/** A stage that has not drawn by then is asked again. */
const draw_timeout_ms = 1_000;
/** Following a live replay stays this close to its end. */
const follow_within_ms = 6_000;

/**
 * One replay being watched. Owns the clock, the buffer and the link to the stage; components read
 * its state and call its methods, and none of them talks to the stage.
 */
export class Player {
  manifest = $state.raw<Manifest | null>(null);
  idle = $state.raw<TimeSpan[]>([]);
  loaded = $state.raw<TimeSpan[]>([]);
  failed = $state.raw<TimeSpan[]>([]);
  /** The failed part playback stands at. */
  blocked = $state.raw<Slot | null>(null);
  playing = $state(false);
  /** The moment asked for is not loaded yet. */
  waiting = $state(true);
  following = $state(false);
  finished = $state(false);
  drawn = $state(false);
  /** Where the last seek went; named while it is being loaded. */
  sought_ms = $state(0);
  skip_idle = $state(remembered('skip-idle', 'on', ['on', 'off']) === 'on');
  speed = $state(Number(remembered('speed', '1', speeds.map(String))));
  page_index = $state(-1);
  viewport = $state.raw<{ width: number; height: number; scale: number } | null>(null);
  load_error = $state.raw<ApiError | null>(null);
  /** A live replay could not be polled; what is loaded keeps playing. */
  poll_error = $state.raw<ApiError | null>(null);
  stage_error = $state<string | null>(null);
  /** Spoken to screen readers, and shown while idle time is skipped. */
  announcement = $state('');
  skipping = $state<string | null>(null);

  readonly #buffer = new Buffer();
  readonly #loader: ChunkLoader;
  readonly #abort = new AbortController();
  readonly #frame_listeners = new Set<(at_ms: number) => void>();
  #clock = new Clock(0);
  #stage: Window | null = null;
  #stage_ready = false;
  #seek = 0;
  #shown_seek = 0;
  #sent_seek = 0;
  #sent_ms = 0;
  #sync_due = false;
  #page_checked_ms = 0;
  #skip: { target_ms: number; due_ms: number } | null = null;
  #frame = 0;
  #poll: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    readonly start_offset_ms: number | null,
  ) {
    this.#loader = new ChunkLoader(this.#buffer, {
      fetch: (from_ms, to_ms, signal) => api.playback(id, from_ms, to_ms, signal),
      deliver: (from_ms, bytes) => this.#post({ kind: 'chunk', from_ms, bytes }, [bytes]),
      changed: () => this.#refresh(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    });
    this.#clock.setSpeed(this.speed, performance.now());
  }

  get first_ms(): number {
    return this.manifest?.first_event_ms ?? 0;
  }

  get last_ms(): number {
    return this.manifest?.last_event_ms ?? 0;
  }

  get live(): boolean {
    return this.manifest?.replay.status === 'live';
  }

  get at_ms(): number {
    return this.#clock.read(performance.now());
  }

  get last_load_error(): ApiError | null {
    return this.#loader.last_error;
  }

  async open(): Promise<void> {
    this.load_error = null;
    try {
      const manifest = await api.manifest(this.id, this.#abort.signal);
      this.#take(manifest);
      const offset_ms = this.start_offset_ms ?? 0;
      this.seek(manifest.first_event_ms + offset_ms);
      if (manifest.replay.playable && this.start_offset_ms === null && !document.hidden) this.play();
      this.#schedulePoll();
    } catch (error) {
      if (!isAbort(error)) this.load_error = asApiError(error);
    }
  }

  close(): void {
    this.#abort.abort();
    this.#loader.stop();
    clearTimeout(this.#poll);
    cancelAnimationFrame(this.#frame);
  }

  /** Called with the stage's window as soon as its frame exists. Returns the way to let go. */
  connect(stage: Window): () => void {
    this.#stage = stage;
    const listen = (event: MessageEvent<FromStage>) => {
      if (event.source === stage && event.origin === location.origin) this.#hear(event.data);
    };
    addEventListener('message', listen);
    return () => {
      removeEventListener('message', listen);
      this.#stage = null;
      this.#stage_ready = false;
    };
  }

  /** `listener` is called with the play time on each frame in which it may have changed. */
  onFrame(listener: (at_ms: number) => void): () => void {
    this.#frame_listeners.add(listener);
    listener(this.at_ms);
    return () => this.#frame_listeners.delete(listener);
  }

  play(): void {
    if (!this.manifest?.replay.playable) return;
    if (this.finished) this.seek(this.first_ms);
    this.playing = true;
    this.#clock.play(performance.now());
    this.#say('Playing');
    this.#refresh();
    this.#requestFrame();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.following = false;
    this.#cancelSkip();
    this.#clock.pause(performance.now());
    this.#say('Paused');
    this.#refresh();
  }

  toggle(): void {
    if (this.playing) this.pause();
    else this.play();
  }

  seek(at_ms: number): void {
    this.following = false;
    this.#jump(at_ms);
  }

  seekBy(offset_ms: number): void {
    this.seek(this.at_ms + offset_ms);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    remember('speed', String(speed));
    this.#clock.setSpeed(speed, performance.now());
    this.#say(`Speed ${speed}`);
    this.#refresh();
  }

  /** One step slower or faster. */
  stepSpeed(steps: number): void {
    const index = speeds.findIndex((speed) => speed === this.speed) + steps;
    const speed = speeds[Math.min(speeds.length - 1, Math.max(0, index))];
    if (speed !== undefined && speed !== this.speed) this.setSpeed(speed);
  }

  setSkipIdle(on: boolean): void {
    this.skip_idle = on;
    remember('skip-idle', on ? 'on' : 'off');
    if (!on) this.#cancelSkip();
    this.#say(on ? 'Skipping idle time' : 'Playing idle time');
  }

  follow(): void {
    this.#jump(this.last_ms - 1_000);
    if (!this.playing) this.play();
    this.following = true;
  }

  retry(): void {
    this.stage_error = null;
    this.#loader.retryFailed();
  }

  /** The first page start behind a failed part: the state of the page is whole again from there. */
  get way_around(): number | null {
    const blocked = this.blocked;
    if (!blocked) return null;
    return this.manifest?.pages.find((page) => page.at_ms >= blocked.to_ms)?.at_ms ?? null;
  }

  #jump(at_ms: number): void {
    const now_ms = performance.now();
    const clamped_ms = Math.min(this.last_ms, Math.max(this.first_ms, at_ms));
    this.finished = false;
    this.sought_ms = clamped_ms;
    this.#cancelSkip();
    this.#clock.seek(clamped_ms, now_ms);
    this.#seek += 1;
    this.#refresh();
    this.#requestFrame();
  }

  #take(manifest: Manifest): void {
    const fresh = this.manifest === null;
    if (!fresh && manifest.revision === this.manifest?.revision) {
      // Nothing arrived, but a live replay may have ended.
      this.manifest = manifest;
      return;
    }
    this.manifest = manifest;
    this.idle = idleSpans(manifest.active, manifest.first_event_ms, manifest.last_event_ms);
    const forgotten = this.#buffer.update(manifest.chunks);
    if (forgotten.length > 0) this.#post({ kind: 'forget', from_ms: forgotten });
    if (!fresh) this.#refresh();
  }

  #schedulePoll(): void {
    clearTimeout(this.#poll);
    if (!this.live || this.#abort.signal.aborted) return;
    this.#poll = setTimeout(() => void this.#pollManifest(), poll_live_every_ms);
  }

  async #pollManifest(): Promise<void> {
    if (!document.hidden) {
      try {
        this.#take(await api.manifest(this.id, this.#abort.signal));
        this.poll_error = null;
        const behind_ms = this.last_ms - this.at_ms;
        if (this.following && behind_ms > follow_within_ms) this.#jump(this.last_ms - 1_000);
      } catch (error) {
        if (isAbort(error)) return;
        this.poll_error = asApiError(error);
      }
    }
    this.#schedulePoll();
  }

  #hear(message: FromStage): void {
    switch (message.kind) {
      case 'ready':
        // A stage that starts again knows nothing: everything loaded is loaded anew.
        this.#stage_ready = true;
        for (const slot of this.#buffer.slots) slot.state = 'missing';
        this.#refresh();
        break;
      case 'chunk':
        this.#loader.accepted(message.from_ms, message.page_starts_ms);
        break;
      case 'chunk_broken':
        this.#loader.refused(message.from_ms);
        break;
      case 'size':
        this.viewport = { width: message.width, height: message.height, scale: message.scale };
        break;
      case 'shown':
        this.#shown_seek = message.seek;
        this.drawn = true;
        this.stage_error = null;
        if (this.#sync_due) this.#sync();
        break;
      case 'error':
        this.stage_error = message.message;
        break;
    }
  }

  #post(message: ToStage, transfer: Transferable[] = []): void {
    if (this.#stage_ready) this.#stage?.postMessage(message, location.origin, transfer);
  }

  /** After anything that may change what is needed or what can be shown. */
  #refresh(): void {
    const manifest = this.manifest;
    if (!manifest || !manifest.replay.playable) return;
    const now_ms = performance.now();
    const at_ms = this.#clock.read(now_ms);
    if (this.#stage_ready) {
      const hints_ms = manifest.pages.map((page) => page.at_ms);
      this.#loader.pump(at_ms, this.speed, hints_ms);
    }
    const can_show = this.#buffer.runFor(at_ms) !== null;
    const until_ms = can_show ? this.#buffer.loadedUntil(at_ms) : at_ms;
    this.#clock.setCeiling(Math.min(until_ms, manifest.last_event_ms), now_ms);
    this.waiting = !can_show || (this.playing && until_ms <= at_ms);
    this.blocked = this.waiting || until_ms - at_ms < 100 ? this.#buffer.blockedBy(at_ms) : null;
    this.loaded = this.#buffer.loadedSpans();
    this.failed = this.#buffer.failedSpans();
    this.#sync();
  }

  /** Tells the stage the wanted state. One redraw at a time: while scrubbing only the newest counts. */
  #sync(): void {
    const now_ms = performance.now();
    const at_ms = this.#clock.read(now_ms);
    const run = this.#stage_ready ? this.#buffer.runFor(at_ms) : null;
    if (!run) return;
    const drawing = this.#sent_seek !== this.#shown_seek && now_ms - this.#sent_ms < draw_timeout_ms;
    this.#sync_due = drawing && this.#seek !== this.#sent_seek;
    if (this.#sync_due) return;
    const chunks = this.#buffer.slots.slice(run.first, run.last + 1).map((slot) => slot.from_ms);
    const at_edge = at_ms >= this.last_ms;
    this.#sent_seek = this.#seek;
    this.#sent_ms = now_ms;
    this.#post({
      kind: 'sync',
      chunks,
      at_ms,
      playing: this.playing && !this.waiting && !at_edge,
      speed: this.speed,
      seek: this.#seek,
    });
  }

  #requestFrame(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame((now_ms) => this.#onFrame(now_ms));
  }

  #onFrame(now_ms: number): void {
    const at_ms = this.#clock.read(now_ms);
    for (const listener of this.#frame_listeners) listener(at_ms);
    if (now_ms - this.#page_checked_ms >= page_every_ms || !this.playing) {
      this.#page_checked_ms = now_ms;
      const pages = this.manifest?.pages ?? [];
      // Before the first page is known, the first one is what will be seen.
      this.page_index = Math.max(0, lastStartedIndex(pages, at_ms, (page) => page.at_ms));
    }
    if (!this.playing) return;
    if (at_ms >= this.last_ms && !this.live) {
      this.#finish();
      return;
    }
    // Time that is not on screen yet must not be jumped over.
    if (this.skip_idle && !this.following && !this.waiting && this.drawn) this.#skipIdle(at_ms, now_ms);
    if (now_ms - this.#sent_ms >= sync_every_ms) this.#refresh();
    this.#requestFrame();
  }

  #finish(): void {
    this.playing = false;
    this.finished = true;
    this.#clock.pause(performance.now());
    this.#cancelSkip();
    this.#say('End of the replay');
    this.#refresh();
  }

  #skipIdle(at_ms: number, now_ms: number): void {
    if (this.#skip) {
      if (now_ms >= this.#skip.due_ms) this.#jump(this.#skip.target_ms);
      return;
    }
    const target_ms = skipTarget(this.idle, at_ms, this.last_ms, this.live);
    if (target_ms === null) return;
    const length = durationText(target_ms - at_ms);
    this.#skip = { target_ms, due_ms: now_ms + skip_notice_ms };
    this.skipping = `Skipping ${length} without activity`;
    this.#say(`Skipped ${length} of inactivity`);
  }

  #cancelSkip(): void {
    this.#skip = null;
    this.skipping = null;
  }

  #say(text: string): void {
    this.announcement = text;
  }
}
