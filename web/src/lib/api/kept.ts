/**
 * Answers kept in memory for the life of the page: what was seen once is there at once when one comes
 * back to it, and stays readable without a connection. Newest answers win; the oldest unused goes.
 */
export class KeptAnswers {
  #answers = new Map<string, { answer: unknown; at_ms: number }>();

  constructor(readonly most = 60) {}

  get<T>(key: string): { answer: T; at_ms: number } | null {
    const found = this.#answers.get(key);
    if (!found) return null;
    // A map is in order of insertion: used last means thrown away last.
    this.#answers.delete(key);
    this.#answers.set(key, found);
    return found as { answer: T; at_ms: number };
  }

  put(key: string, answer: unknown, at_ms: number): void {
    this.#answers.delete(key);
    this.#answers.set(key, { answer, at_ms });
    const oldest = this.#answers.keys().next();
    if (this.#answers.size > this.most && !oldest.done) this.#answers.delete(oldest.value);
  }

  /** At sign-out: nothing of one person may be left for the next. */
  clear(): void {
    this.#answers.clear();
  }
}

export const kept = new KeptAnswers();
