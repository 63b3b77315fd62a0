import { api } from './client';

const ask_again_ms = 5_000;

/** Whether the server can be reached. A network that is up says little about a server that is down. */
class Connection {
  reached = $state(true);
  /** When the server was last heard of. */
  last_ms = $state(Date.now());
  #timer: ReturnType<typeof setTimeout> | undefined;

  report(reached: boolean): void {
    if (reached) this.last_ms = Date.now();
    if (reached === this.reached) return;
    this.reached = reached;
    clearTimeout(this.#timer);
    if (!reached) this.#askAgain();
  }

  /** Asks now; what was waiting is told by `reached`. */
  async check(): Promise<void> {
    // Whatever the answer is, it is one: the client reports.
    await api.me().catch(() => {});
  }

  #askAgain(): void {
    this.#timer = setTimeout(async () => {
      await this.check();
      if (!this.reached) this.#askAgain();
    }, ask_again_ms);
  }
}

export const connection = new Connection();
api.onReached = (reached) => connection.report(reached);
