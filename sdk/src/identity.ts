// Device and session ids for pages that have none of their own. All tabs share them.

const DEVICE = 'reenact_device';
const SESSION = 'reenact_session';
const CONSENT = 'reenact_consent';
const TAB = 'reenact_tab';
const TARGETED = 'reenact_targeted';
const SESSION_IDLE_MS = 30 * 60_000;

function read(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

function write(name: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(name);
    else localStorage.setItem(name, value);
  } catch {
    // Forbidden or full: the ids hold for this page.
  }
}

export function newId(): string {
  // `crypto.randomUUID` needs a secure page.
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function deviceId(): string {
  let id = read(DEVICE);
  if (!id) write(DEVICE, (id = newId()));
  return id;
}

/** The running session, or a new one when nothing was done for half an hour. */
export function sessionId(now_ms: number): string {
  const [id, last_ms] = (read(SESSION) ?? '').split(' ');
  const isRunning = id && now_ms - Number(last_ms) < SESSION_IDLE_MS;
  const current = isRunning ? id : String(now_ms);
  touchSession(current, now_ms);
  return current;
}

export function touchSession(id: string, now_ms: number): void {
  write(SESSION, `${id} ${now_ms}`);
}

/** A session that a condition has chosen stays chosen on its later pages. */
export const wasTargeted = (session: string): boolean => read(TARGETED) === session;
export const rememberTargeted = (session: string): void => write(TARGETED, session);

export const hasConsent = (): boolean => read(CONSENT) === '1';
export const keepConsent = (isGiven: boolean): void => write(CONSENT, isGiven ? '1' : null);

/**
 * A short name of this tab, the same for its later pages. A duplicated tab copies the
 * storage of the first: as long as that has not left its page, the name is taken.
 */
export function tabId(): string {
  let tab = newId().slice(0, 8);
  try {
    const [known, isOpen] = (sessionStorage.getItem(TAB) ?? '').split(' ');
    if (known && !isOpen) tab = known;
    sessionStorage.setItem(TAB, tab + ' open');
    addEventListener('pagehide', () => sessionStorage.setItem(TAB, tab));
    addEventListener('pageshow', () => sessionStorage.setItem(TAB, tab + ' open'));
  } catch {
    // As above.
  }
  return tab;
}

/** The page load before this one in the same tab, and the name of this one. */
export function pageIds(): { page: string; previousPage: string | null } {
  const page = newId();
  let previousPage: string | null = null;
  try {
    previousPage = sessionStorage.getItem('reenact_page');
    sessionStorage.setItem('reenact_page', page);
  } catch {
    // As above.
  }
  return { page, previousPage };
}
