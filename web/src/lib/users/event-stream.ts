// Pages of a user's events, put together. A session that goes on over the end of a page is on the
// next page again.
import type { EventSession } from './types';

const keyOf = (session: EventSession) => session.id ?? '';

/** What is known, and an older page behind it. */
export function joinPages(known: EventSession[], older: EventSession[]): EventSession[] {
  const joined = [...known];
  for (const session of older) {
    const at = joined.findIndex((other) => keyOf(other) === keyOf(session));
    const before = joined[at];
    if (!before) joined.push(session);
    else joined[at] = { ...before, events: eventsOf(before, session) };
  }
  return joined;
}

/** The newest page again, over what is known. */
export function newestFirst(newest: EventSession[], known: EventSession[]): EventSession[] {
  const fresh = newest.map((session) => {
    const before = known.find((other) => keyOf(other) === keyOf(session));
    return before ? { ...session, events: eventsOf(session, before) } : session;
  });
  return [...fresh, ...known.filter((session) => !fresh.some((other) => keyOf(other) === keyOf(session)))];
}

/** Each once, newest first. */
function eventsOf(one: EventSession, other: EventSession) {
  const events = new Map([...one.events, ...other.events].map((event) => [event.id, event]));
  return [...events.values()].sort((a, b) => b.at_ms - a.at_ms || b.id - a.id);
}
