import { api, asApiError, isAbort, type ApiError } from '$lib/api/client';
import type { Manifest, Marker, TimeSpan } from '$lib/api/types';
import { durationText } from '$lib/format/duration';
import { preferences } from '$lib/ui/preferences.svelte';
import { changeFrom } from './changes';
import { bytesBetween } from './chunks';
import { Clock } from './clock';
import { changedInside, Feed, type Loaded } from './feed';
import { idleSpans, lastStartedIndex, skipTarget, spanAt } from './idle';
import { LinkedErrors } from './linked-errors.svelte';
import { sizeAt, tabSegments, type Segment } from './segments';
import { StageLink } from './stage-link';
import { wallTime, type FromStage, type PageSize } from './stage-protocol';
import { StateCache } from './state-cache';
import { stateRange, type StateRange } from './state-range';

export const speeds = [0.25, 0.5, 1, 1.5, 2, 4, 8, 16] as const;

const poll_live_every_ms = 2_000;
const refresh_every_ms = 250;
const page_every_ms = 100;
/** How long the notice stands before idle time is jumped over. */
const skip_notice_ms = 700;
/** Following a live replay stays this close to its end. */
const follow_within_ms = 6_000;
/** Over less than this, the stage goes through what it has; beyond, a new state is quicker. */
const through_bytes = 1_000_000;
/** What is less urgent than the first picture waits for it no longer than this. */
const settled_after_ms = 1_500;

/**
 * One replay being watched. Owns the clock and what is loaded; components read its state and call its
 * methods, and none of them talks to the recorded page but through `link`.
 */
export class Player {
  manifest = $state.raw<Manifest | null>(null);
  idle = $state.raw<TimeSpan[]>([]);
  segments = $state.raw<Segment[]>([]);
  loaded = $state.raw<Loaded | null>(null);
  /** The stretch that could not be loaded and that playback stands at. */
  blocked = $state.raw<TimeSpan | null>(null);
  playing = $state(false);
  /** The moment asked for is not on screen yet. */
  waiting = $state(true);
  following = $state(false);
  finished = $state(false);
  drawn = $state(false);
  /** The first picture is there, or late: what is less urgent may begin. */
  settled = $state(false);
  /** Where the last seek went; named while it is being loaded. */
  sought_ms = $state(0);
  /** A range that is played again and again. */
  loop = $state.raw<TimeSpan | null>(null);
  /** The tab that is shown although another has the focus. */
  pinned_tab = $state<number | null>(null);
  tab = $state(0);
  page_index = $state(-1);
  viewport = $state.raw<{ width: number; height: number; scale: number; left: number; top: number } | null>(null);
  load_error = $state.raw<ApiError | null>(null);
  /** A live replay could not be polled; what is loaded keeps playing. */
  poll_error = $state.raw<ApiError | null>(null);
  stage_error = $state<string | null>(null);
  /** Spoken to screen readers, and shown while idle time is skipped. */
  announcement = $state('');
  skipping = $state<string | null>(null);
  /** Counts pictures that were put on screen by a seek; the element tree is read again after each. */
  picture = $state(0);

  readonly link = new StageLink((message) => this.#hear(message));
  readonly cache: StateCache;
  readonly linked: LinkedErrors;
  readonly #feed: Feed;
  readonly #abort = new AbortController();
  readonly #frame_listeners = new Set<(at_ms: number) => void>();
  #clock = new Clock(0);
  #seek = 0;
  #shown_seek = -1;
  #refreshed_ms = 0;
  #page_checked_ms = 0;
  #skip: { target_ms: number; due_ms: number } | null = null;
  #frame = 0;
  #poll: ReturnType<typeof setTimeout> | undefined;
  #settle: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly id: string,
    readonly start_offset_ms: number | null,
  ) {
    this.linked = new LinkedErrors(id);
    this.cache = new StateCache(({ from_ms, to_ms, tab }, signal) =>
      // A film has no state, only gestures that lie on it.
      this.has_video
        ? api.playback(id, from_ms, Math.max(to_ms, from_ms + 1), signal)
        : api.stateAt(id, from_ms, { to: to_ms, ...(tab === null ? {} : { tab }) }, signal),
    );
    this.#feed = new Feed({
      state: (range, signal) => this.cache.get(range, signal),
      // One tab of several has to be asked for with its state: what follows is then its own alone.
      events: (from_ms, to_ms, tab, signal) =>
        tab === null
          ? api.playback(id, from_ms, to_ms, signal)
          : api.stateAt(id, from_ms - 1, { to: to_ms, tab }, signal),
      load: ({ seek, from_ms, at_ms }, bytes) =>
        this.link.post({ kind: 'load', seek, from_ms, at_ms, bytes, size: this.sizeAt(at_ms) }, [bytes]),
      append: (seek, after_ms, bytes) => this.link.post({ kind: 'append', seek, after_ms, bytes }, [bytes]),
      changed: () => this.#refresh(),
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      now: () => performance.now(),
    });
    this.#clock.setSpeed(this.speed, wallTime());
  }

  get first_ms(): number {
    return this.manifest?.first_event_ms ?? 0;
  }

  get last_ms(): number {
    const film = this.manifest?.video?.at(-1);
    return Math.max(this.manifest?.last_event_ms ?? 0, film ? film.at_ms + film.duration_ms : 0);
  }

  get live(): boolean {
    return this.manifest?.replay.status === 'live';
  }

  get at_ms(): number {
    return this.#clock.read(wallTime());
  }

  get speed(): number {
    return preferences.settings.speed;
  }

  get skip_idle(): boolean {
    return preferences.settings.skip_idle;
  }

  get trail(): boolean {
    return preferences.settings.trail;
  }

  /** A film of a mobile screen instead of a page. */
  get has_video(): boolean {
    return (this.manifest?.video?.length ?? 0) > 0;
  }

  get playable(): boolean {
    return this.has_video || this.manifest?.replay.playable === true;
  }

  /** Those of the recording, and the errors that SDKs sent. */
  get markers(): Marker[] {
    const own = this.manifest?.markers ?? [];
    const linked = this.linked.markers;
    return linked.length === 0 ? own : own.concat(linked).sort((a, b) => a.at_ms - b.at_ms);
  }

  get last_load_error(): ApiError | null {
    return this.#feed.last_error;
  }

  async open(): Promise<void> {
    this.load_error = null;
    this.#settle = setTimeout(() => this.#settled(), settled_after_ms);
    try {
      const manifest = await api.manifest(this.id, this.#abort.signal);
      this.#take(manifest);
      if (!this.playable) return this.#schedulePoll();
      const offset_ms = this.start_offset_ms ?? 0;
      this.seek(manifest.first_event_ms + offset_ms);
      if (this.start_offset_ms === null && !document.hidden) this.play();
      this.#schedulePoll();
    } catch (error) {
      if (!isAbort(error)) this.load_error = asApiError(error);
    }
  }

  close(): void {
    this.#abort.abort();
    this.#feed.stop();
    this.cache.clear();
    clearTimeout(this.#poll);
    clearTimeout(this.#settle);
    cancelAnimationFrame(this.#frame);
  }

  /** What comes with a newer manifest but is not in it. */
  #settled(): void {
    clearTimeout(this.#settle);
    this.settled = true;
    if (this.manifest) void this.linked.update(this.manifest.revision, this.#abort.signal);
  }

  /** `listener` is called with the play time on each frame in which it may have changed. */
  onFrame(listener: (at_ms: number) => void): () => void {
    this.#frame_listeners.add(listener);
    listener(this.at_ms);
    return () => this.#frame_listeners.delete(listener);
  }

  play(): void {
    if (!this.playable) return;
    if (this.finished) this.seek(this.loop?.from_ms ?? this.first_ms);
    this.playing = true;
    this.#clock.play(wallTime());
    this.say('Playing');
    this.#refresh(true);
    this.#requestFrame();
  }

  pause(): void {
    if (!this.playing) return;
    this.playing = false;
    this.following = false;
    this.#cancelSkip();
    this.#clock.pause(wallTime());
    this.say('Paused');
    this.#refresh(true);
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
    preferences.change({ speed });
    this.say(`Speed ${speed}`);
    this.takeSpeed();
  }

  /** The speed of the settings, which may also come from the server. */
  takeSpeed(): void {
    if (this.#clock.speed === this.speed) return;
    this.#clock.setSpeed(this.speed, wallTime());
    this.#refresh(true);
  }

  /** One step slower or faster. */
  stepSpeed(steps: number): void {
    const index = speeds.findIndex((speed) => speed >= this.speed) + steps;
    const speed = speeds[Math.min(speeds.length - 1, Math.max(0, index))];
    if (speed !== undefined && speed !== this.speed) this.setSpeed(speed);
  }

  setSkipIdle(on: boolean): void {
    preferences.change({ skip_idle: on });
    if (!on) this.#cancelSkip();
    this.say(on ? 'Skipping idle time' : 'Playing idle time');
  }

  setTrail(on: boolean): void {
    preferences.change({ trail: on });
    this.say(on ? 'Pointer trail shown' : 'Pointer trail hidden');
  }

  setLoop(loop: TimeSpan | null): void {
    this.loop = loop && loop.to_ms - loop.from_ms >= 200 ? loop : null;
    if (this.loop) {
      this.cache.preload(this.#stateRange(this.loop.from_ms));
      this.say('Range set, it is repeated');
    } else this.say('Range cleared');
  }

  follow(): void {
    this.#jump(this.last_ms - 1_000);
    if (!this.playing) this.play();
    this.following = true;
  }

  /** Shows one tab throughout; null goes back to the one with the focus. */
  pinTab(tab: number | null): void {
    this.pinned_tab = tab;
    this.#setSegments();
    this.#jump(this.at_ms, true);
  }

  retry(): void {
    this.stage_error = null;
    if (this.#feed.loaded) this.#feed.retry();
    else this.#jump(this.at_ms, true);
  }

  /** The server is there again: what failed for want of it is asked for again. */
  reconnected(): void {
    if (this.load_error?.code === 'offline') void this.open();
    else if (this.#feed.failed && this.#feed.last_error?.code === 'offline') this.retry();
  }

  /** The next recorded stretch behind one that cannot be loaded. */
  get way_around(): number | null {
    const blocked = this.blocked;
    if (!blocked) return null;
    return this.manifest?.chunks.find((chunk) => chunk.from_ms > blocked.from_ms)?.from_ms ?? null;
  }

  /** To the next or previous change of the page, however small. */
  async stepChange(direction: 1 | -1): Promise<void> {
    this.pause();
    const at_ms = Math.round(this.at_ms);
    const known_ms = await this.link.change(at_ms, direction);
    const chunks = this.manifest?.chunks ?? [];
    const fetch = (from_ms: number, to_ms: number) => api.playback(this.id, from_ms, to_ms, this.#abort.signal);
    const found_ms = known_ms ?? (await changeFrom(chunks, at_ms, direction, fetch).catch(() => null));
    if (found_ms !== null) this.seek(found_ms);
    else this.say(direction > 0 ? 'No change after this' : 'No change before this');
  }

  /** The nearest moment that can be shown, and what has to be asked for to show it. */
  momentAt(at_ms: number): { at_ms: number; range: StateRange } {
    const shown_ms = Math.round(Math.min(this.last_ms, Math.max(this.first_ms, at_ms)));
    return { at_ms: shown_ms, range: this.#stateRange(shown_ms) };
  }

  sizeAt(at_ms: number): PageSize | undefined {
    return sizeAt(this.manifest?.viewports ?? [], at_ms);
  }

  say(text: string): void {
    this.announcement = text;
  }

  #jump(at_ms: number, anew = false): void {
    const now_ms = wallTime();
    const before_ms = this.#clock.read(now_ms);
    const target_ms = Math.round(Math.min(this.last_ms, Math.max(this.first_ms, at_ms)));
    const through = !anew && this.#canGoThrough(before_ms, target_ms);
    this.#seek += 1;
    this.finished = false;
    this.stage_error = null;
    this.sought_ms = target_ms;
    this.#cancelSkip();
    this.#clock.seek(target_ms, now_ms);
    if (through) {
      this.#feed.renumber(this.#seek, target_ms);
      this.link.post({ kind: 'jump', seek: this.#seek, at_ms: target_ms });
    } else if (this.link.ready) {
      this.#feed.seek({ seek: this.#seek, at_ms: target_ms, ...this.#stateRange(target_ms) });
    } else {
      // The stage is still on its way; the state can be, too.
      this.cache.preload(this.#stateRange(target_ms));
    }
    this.#refresh(true);
    this.#requestFrame();
  }

  #canGoThrough(before_ms: number, target_ms: number): boolean {
    const loaded = this.#feed.loaded;
    if (!loaded || this.#feed.seeking || this.#shown_seek !== this.#seek) return false;
    if (Math.min(before_ms, target_ms) < loaded.from_ms || target_ms >= loaded.until_ms) return false;
    if (this.#tabAt(target_ms) !== loaded.tab) return false;
    if (target_ms < before_ms && !loaded.rewindable) return false;
    const start_ms = target_ms < before_ms ? loaded.from_ms : before_ms;
    return bytesBetween(this.manifest?.chunks ?? [], start_ms, target_ms) <= through_bytes;
  }

  /** Which tab to ask for; null when there is only one. */
  #tabAt(at_ms: number): number | null {
    if ((this.manifest?.tabs?.length ?? 0) < 2) return null;
    return this.#segmentAt(at_ms)?.tab ?? null;
  }

  #segmentAt(at_ms: number): Segment | null {
    return spanAt(this.segments, at_ms) ?? this.segments.at(-1) ?? null;
  }

  #limitAt(at_ms: number): number {
    const segment = this.#segmentAt(at_ms);
    // The last event lies at the end itself; ends are exclusive.
    return segment && segment.to_ms < this.last_ms ? segment.to_ms : this.last_ms + 1;
  }

  #stateRange(at_ms: number): StateRange {
    return stateRange(this.manifest?.chunks ?? [], this.first_ms, this.last_ms + 1, at_ms, this.#tabAt(at_ms));
  }

  #take(manifest: Manifest): void {
    const before = this.manifest;
    this.manifest = manifest;
    if (this.settled) this.#settled();
    if (before && manifest.revision === before.revision) return;
    this.idle = idleSpans(manifest.active, manifest.first_event_ms, manifest.last_event_ms);
    this.#setSegments();
    if (!before) return;
    this.cache.clear();
    const loaded = this.#feed.loaded;
    const span = loaded && { from_ms: loaded.from_ms, to_ms: loaded.until_ms };
    if (span && changedInside(before.chunks, manifest.chunks, span)) this.#jump(this.at_ms, true);
    else this.#refresh();
  }

  #setSegments(): void {
    this.segments = tabSegments(this.manifest?.tabs ?? [], this.first_ms, this.last_ms, this.pinned_tab);
  }

  #schedulePoll(): void {
    clearTimeout(this.#poll);
    // An import is not live, but its picture may still be on its way.
    const growing = this.live || this.manifest?.replay.state === 'processing';
    if (!growing || this.#abort.signal.aborted) return;
    this.#poll = setTimeout(() => void this.#pollManifest(), poll_live_every_ms);
  }

  async #pollManifest(): Promise<void> {
    if (!document.hidden) {
      try {
        const was_playable = this.playable;
        this.#take(await api.manifest(this.id, this.#abort.signal));
        this.poll_error = null;
        if (!was_playable && this.playable) this.seek(this.first_ms);
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
        this.sendOptions();
        // A stage that starts again knows nothing.
        if (this.playable) this.#jump(this.at_ms, true);
        break;
      case 'size':
        this.viewport = message;
        break;
      case 'shown':
        this.drawn = true;
        if (!this.settled) this.#settled();
        this.#shown_seek = message.seek;
        this.picture += 1;
        this.#refresh(true);
        break;
      case 'error':
        if (!this.settled) this.#settled();
        if (message.seek === this.#seek) {
          this.stage_error = message.message;
          this.waiting = false;
        }
        break;
    }
  }

  sendOptions(): void {
    const still =
      preferences.settings.motion === 'reduce' || matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.link.post({ kind: 'options', trail: this.trail && !still, still });
  }

  /** After anything that may change what is needed or what can be shown. */
  #refresh(tell_stage = false): void {
    const manifest = this.manifest;
    if (!manifest || !this.playable) return;
    const now_ms = wallTime();
    this.#refreshed_ms = now_ms;
    const at_ms = this.#clock.read(now_ms);
    const held = this.#shown_seek !== this.#seek;
    // What is read in now would make the picture wait.
    if (!held) this.#feed.pump(at_ms, this.playing ? this.speed : null, manifest.chunks, this.#limitAt(at_ms));
    const loaded = this.#feed.loaded;
    const until_ms = held || !loaded ? at_ms : Math.min(loaded.until_ms, this.last_ms);
    const moved = this.#clock.setCeiling(until_ms, now_ms);
    const dry = until_ms <= at_ms && at_ms < this.last_ms;
    this.waiting = this.stage_error === null && (held || (this.playing && dry));
    this.blocked = held || dry ? this.#feed.failed : null;
    this.tab = this.#segmentAt(at_ms)?.tab ?? 0;
    if (!sameSpan(this.loaded, loaded)) this.loaded = loaded;
    if (moved || tell_stage) this.link.post({ kind: 'clock', seek: this.#seek, ...this.#clock.state });
  }

  #requestFrame(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#onFrame(wallTime()));
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
    // A moment that is not on screen yet is not passed.
    if (!this.waiting && this.#turn(at_ms, now_ms)) return;
    if (now_ms - this.#refreshed_ms >= refresh_every_ms) this.#refresh();
    this.#requestFrame();
  }

  /** Places where playback does not simply go on. True when it went somewhere else. */
  #turn(at_ms: number, now_ms: number): boolean {
    if (this.loop && at_ms >= this.loop.to_ms) {
      this.#jump(this.loop.from_ms);
      return true;
    }
    const segment = this.#segmentAt(at_ms);
    const ends_ms = segment && segment.to_ms < this.last_ms ? segment.to_ms : null;
    if (ends_ms !== null && ends_ms - at_ms < 3_000 * this.speed) this.cache.preload(this.#stateRange(ends_ms));
    if (ends_ms !== null && at_ms >= ends_ms - 20) {
      this.#jump(ends_ms);
      return true;
    }
    if (at_ms >= this.last_ms && !this.live) {
      this.#finish();
      return true;
    }
    if (this.skip_idle && !this.following && this.drawn) return this.#skipIdle(at_ms, now_ms);
    return false;
  }

  #finish(): void {
    this.playing = false;
    this.finished = true;
    this.#clock.pause(wallTime());
    this.#cancelSkip();
    this.say('End of the replay');
    this.#refresh(true);
  }

  #skipIdle(at_ms: number, now_ms: number): boolean {
    if (this.#skip) {
      if (now_ms < this.#skip.due_ms) return false;
      this.#jump(this.#skip.target_ms);
      return true;
    }
    const target_ms = skipTarget(this.idle, at_ms, this.last_ms, this.live);
    if (target_ms === null || (this.loop && target_ms > this.loop.to_ms)) return false;
    const length = durationText(target_ms - at_ms);
    this.#skip = { target_ms: Math.round(target_ms), due_ms: now_ms + skip_notice_ms };
    this.cache.preload(this.#stateRange(this.#skip.target_ms));
    this.skipping = `Skipping ${length} without activity`;
    this.say(`Skipped ${length} of inactivity`);
    return false;
  }

  #cancelSkip(): void {
    this.#skip = null;
    this.skipping = null;
  }

}

function sameSpan(one: Loaded | null, other: Loaded | null): boolean {
  return one === other || (one?.from_ms === other?.from_ms && one?.until_ms === other?.until_ms);
}
