/**
 * Answers that were asked for before the app was there, by the script in the page's head. Each is taken
 * once, by the first request for the same address.
 */
export interface EarlyAnswers {
  asked_ms: number;
  answers: Map<string, Promise<Response>>;
}

declare global {
  interface Window {
    reenact_early?: EarlyAnswers;
  }
}

/** What is older was meant for a page that is not there any more. */
const fresh_ms = 10_000;

/** The early answer to this address; null when there is none worth having. */
export async function takeEarly(url: string, now_ms = performance.now()): Promise<Response | null> {
  const early = globalThis.window?.reenact_early;
  const answer = early?.answers.get(url);
  if (!early || !answer) return null;
  early.answers.delete(url);
  if (now_ms - early.asked_ms > fresh_ms) return null;
  // A failure is asked for again in earnest, so that it is dealt with as any other.
  const response = await answer.catch(() => null);
  return response?.ok ? response : null;
}
