import { clockTimeAt, type ClockState } from './stage-protocol';

/**
 * The one owner of play time. It knows nothing of events, frames or the stage: callers hand in the
 * monotonic time, so that a test can too. All values are milliseconds; `at` is epoch time of the
 * recording.
 */
export class Clock {
  #state: ClockState;

  constructor(start_ms: number) {
    this.#state = { wall_ms: 0, at_ms: start_ms, playing: false, speed: 1, ceiling_ms: Infinity };
  }

  /** What the stage reads the same time from. */
  get state(): ClockState {
    return { ...this.#state };
  }

  get running(): boolean {
    return this.#state.playing;
  }

  get speed(): number {
    return this.#state.speed;
  }

  read(now_ms: number): number {
    return clockTimeAt(this.#state, now_ms);
  }

  play(now_ms: number): void {
    this.#settle(now_ms, { playing: true });
  }

  pause(now_ms: number): void {
    this.#settle(now_ms, { playing: false });
  }

  seek(at_ms: number, now_ms: number): void {
    this.#state = { ...this.#state, at_ms, wall_ms: now_ms };
  }

  setSpeed(speed: number, now_ms: number): void {
    this.#settle(now_ms, { speed });
  }

  /**
   * Play time never passes this point: the end of the recording or of what has been loaded. Settles
   * first: time spent waiting at the old ceiling must not be played at once.
   */
  setCeiling(ceiling_ms: number, now_ms: number): boolean {
    if (ceiling_ms === this.#state.ceiling_ms) return false;
    this.#settle(now_ms, { ceiling_ms });
    return true;
  }

  #settle(now_ms: number, change: Partial<ClockState>): void {
    this.#state = { ...this.#state, at_ms: this.read(now_ms), wall_ms: now_ms, ...change };
  }
}
