/**
 * The one owner of play time. It knows nothing of events, frames or the stage: callers hand in the
 * monotonic time, so that a test can too. All values are milliseconds; `at` is epoch time of the
 * recording.
 */
export class Clock {
  #at_ms: number;
  #anchor_ms = 0;
  #running = false;
  #speed = 1;
  /** Play time never passes this point: the end of the recording or of what has been loaded. */
  #ceiling_ms = Infinity;

  constructor(start_ms: number) {
    this.#at_ms = start_ms;
  }

  get running(): boolean {
    return this.#running;
  }

  get speed(): number {
    return this.#speed;
  }

  read(now_ms: number): number {
    if (!this.#running) return this.#at_ms;
    const at_ms = this.#at_ms + (now_ms - this.#anchor_ms) * this.#speed;
    return Math.min(at_ms, Math.max(this.#ceiling_ms, this.#at_ms));
  }

  play(now_ms: number): void {
    this.#settle(now_ms);
    this.#running = true;
  }

  pause(now_ms: number): void {
    this.#settle(now_ms);
    this.#running = false;
  }

  seek(at_ms: number, now_ms: number): void {
    this.#at_ms = at_ms;
    this.#anchor_ms = now_ms;
  }

  setSpeed(speed: number, now_ms: number): void {
    this.#settle(now_ms);
    this.#speed = speed;
  }

  /** Settles first: time spent waiting at the old ceiling must not be played at once. */
  setCeiling(ceiling_ms: number, now_ms: number): void {
    if (ceiling_ms === this.#ceiling_ms) return;
    this.#settle(now_ms);
    this.#ceiling_ms = ceiling_ms;
  }

  #settle(now_ms: number): void {
    this.#at_ms = this.read(now_ms);
    this.#anchor_ms = now_ms;
  }
}
