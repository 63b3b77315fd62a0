// Everything that touches the recorded page goes through here: listeners, timers and
// patches that never throw into the page and are gone after stop.

import type { Stop } from './format';

/** Reports what went wrong inside the SDK. The page never sees it. */
export type Report = (error: unknown) => void;

/**
 * zone.js patches timers, observers and listeners so that each call runs Angular's
 * change detection. It keeps the originals under this prefix.
 */
export function native<T>(target: object, name: string): T {
  const members = target as Record<string, T>;
  return (members['__zone_symbol__' + name] ?? members[name]) as T;
}

const ofWindow: Record<string, unknown> = {};

/** To look for a name that a window does not have is slow, so it is done once. */
function nativeOfWindow<T>(name: string): T {
  return (ofWindow[name] ??= native(window, name)) as T;
}

/** `requestAnimationFrame` that no framework counts. */
export function nextFrame(task: () => void): number {
  return nativeOfWindow<typeof requestAnimationFrame>('requestAnimationFrame').call(window, task);
}

export function cancelFrame(request: number): void {
  nativeOfWindow<typeof cancelAnimationFrame>('cancelAnimationFrame').call(window, request);
}

export function guard<A extends unknown[]>(report: Report, body: (...args: A) => void): (...args: A) => void {
  return (...args) => {
    try {
      body(...args);
    } catch (error) {
      report(error);
    }
  };
}

/** Several stops as one; each runs even if another fails. */
export class Stops {
  private readonly list: Stop[] = [];

  constructor(readonly report: Report) {}

  add(stop: Stop): void {
    this.list.push(stop);
  }

  /** A capturing, passive listener. */
  listen(target: EventTarget, types: string, handler: (event: any) => void): void {
    const safe = guard(this.report, handler);
    const options = { capture: true, passive: true };
    for (const type of types.split(' ')) {
      native<typeof target.addEventListener>(target, 'addEventListener').call(target, type, safe, options);
      this.add(() =>
        native<typeof target.removeEventListener>(target, 'removeEventListener').call(target, type, safe, options),
      );
    }
  }

  stop(): void {
    for (const stop of this.list.splice(0).reverse()) guard(this.report, stop)();
  }
}

/** `setTimeout` that no framework counts. */
export function later(report: Report, task: () => void, wait_ms: number): number {
  const set = nativeOfWindow<(task: () => void, ms: number) => number>('setTimeout');
  return set.call(window, guard(report, task), wait_ms);
}

export function cancelLater(timer: number): void {
  nativeOfWindow<typeof clearTimeout>('clearTimeout').call(window, timer);
}

/**
 * Runs `task` at most once per `wait_ms`, now or at the end of the wait. Unlike a
 * plain throttle the last call always counts.
 */
export function throttle<A extends unknown[]>(report: Report, wait_ms: number, task: (...args: A) => void) {
  let timer = 0;
  let last_ms = 0;
  let latest: A | undefined;
  const run = guard(report, () => {
    cancelLater(timer);
    timer = 0;
    last_ms = Date.now();
    const args = latest;
    latest = undefined;
    if (args) task(...args);
  });
  const call = (...args: A) => {
    latest = args;
    if (timer) return;
    const rest_ms = wait_ms - (Date.now() - last_ms);
    if (rest_ms <= 0 || rest_ms > wait_ms) run();
    else timer = later(report, run, rest_ms);
  };
  /** Does now what is waiting, if anything is. */
  call.flush = run;
  return call;
}
