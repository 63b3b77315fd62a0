/** Two pictures at a time: a list of many must not keep the list itself waiting. */
const most_at_once = 2;
/** Frames that stay while they are out of sight; each holds a page. */
const most_kept = 24;

interface Turn {
  start: () => void;
}

/** Who may draw now. First come, first served; who scrolled away before its turn gives it back. */
export class DrawingQueue {
  #running = 0;
  #waiting: Turn[] = [];

  constructor(readonly most = most_at_once) {}

  /** Resolves when it is one's turn; the way to give the turn back, or null when given up before. */
  take(signal: AbortSignal): Promise<(() => void) | null> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve(null);
      let given_back = false;
      const done = () => {
        if (given_back) return;
        given_back = true;
        this.#running -= 1;
        this.#next();
      };
      const turn: Turn = {
        start: () => {
          this.#running += 1;
          resolve(done);
        },
      };
      signal.addEventListener('abort', () => {
        const index = this.#waiting.indexOf(turn);
        if (index >= 0) this.#waiting.splice(index, 1);
        resolve(null);
      });
      this.#waiting.push(turn);
      this.#next();
    });
  }

  #next(): void {
    while (this.#running < this.most) {
      const turn = this.#waiting.shift();
      if (!turn) return;
      turn.start();
    }
  }
}

/** Which thumbnails keep their frame: the ones used last. The others are told to let go. */
export class KeptFrames {
  #kept = new Map<object, () => void>();

  constructor(readonly most = most_kept) {}

  use(owner: object, letGo: () => void): void {
    this.#kept.delete(owner);
    this.#kept.set(owner, letGo);
    for (const [oldest, drop] of this.#kept) {
      if (this.#kept.size <= this.most) return;
      this.#kept.delete(oldest);
      drop();
    }
  }

  forget(owner: object): void {
    this.#kept.delete(owner);
  }
}

export const drawing = new DrawingQueue();
export const frames = new KeptFrames();
