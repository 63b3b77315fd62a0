// Patches of the page's API. They never throw into the page and are gone after stop.

import { guard, type Stops } from './page-access';

/** Calls `after` when the page has set `owner.name`. */
export function hookSetter(stops: Stops, owner: object | undefined, name: string, after: (self: any) => void): void {
  const original = owner && Object.getOwnPropertyDescriptor(owner, name);
  if (!original?.set || !original.configurable) return;
  const safe = guard(stops.report, after);
  let isActive = true;
  const set = function (this: unknown, value: unknown) {
    original.set!.call(this, value);
    if (isActive) safe(this);
  };
  Object.defineProperty(owner, name, { ...original, set });
  stops.add(() => {
    // When somebody patched over us, taking ours out would take theirs as well.
    isActive = false;
    if (Object.getOwnPropertyDescriptor(owner, name)?.set === set) Object.defineProperty(owner, name, original);
  });
}

/** Calls `after` when the page has called `owner.name(...)` and it did not throw. */
export function hookMethod(
  stops: Stops,
  owner: object | undefined,
  name: string,
  after: (self: any, args: any[], result: any) => void,
): void {
  const members = owner as Record<string, unknown> | undefined;
  const original = members?.[name];
  if (typeof original !== 'function') return;
  const safe = guard(stops.report, after);
  let isActive = true;
  const hooked = function (this: unknown, ...args: unknown[]) {
    const result: unknown = original.apply(this, args);
    if (isActive) safe(this, args, result);
    return result;
  };
  members![name] = hooked;
  stops.add(() => {
    isActive = false;
    if (members![name] === hooked) members![name] = original;
  });
}
