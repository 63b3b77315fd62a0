import { remember, remembered } from './remembered';

/** Handlers by key as in `event.key`; `g r` is a sequence. Returning false leaves the key alone. */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void | boolean>;

const sequence_ms = 1_500;
let enabled = remembered('single-keys', 'on', ['on', 'off']) === 'on';

export function singleKeysEnabled(): boolean {
  return enabled;
}

export function enableSingleKeys(on: boolean): void {
  enabled = on;
  remember('single-keys', on ? 'on' : 'off');
}

/** Single keys belong to the page only when nothing that uses keys itself has the focus. */
export function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('dialog[open], [popover]:popover-open')) return true;
  return target.matches('input:not([type=checkbox], [type=radio], [type=button]), textarea, select');
}

/** Buttons and links keep Space and Enter, and a focused slider or menu keeps its own keys. */
function nativeKey(event: KeyboardEvent): boolean {
  if (event.key !== ' ' && event.key !== 'Enter') return false;
  return (
    event.target instanceof HTMLElement &&
    event.target.matches('button, a[href], summary, input, [role=button]')
  );
}

/** Listens on the window; returns the way to stop. */
export function bindShortcuts(shortcuts: Shortcuts): () => void {
  let first_key: string | null = null;
  let first_ms = 0;
  const starts = new Set(
    Object.keys(shortcuts)
      .filter((keys) => keys.length > 1 && keys.includes(' ') && keys !== ' ')
      .map((keys) => keys.split(' ')[0]),
  );

  const listen = (event: KeyboardEvent) => {
    if (!enabled || event.defaultPrevented) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (takesKeys(event.target) || nativeKey(event)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const in_time = first_key !== null && event.timeStamp - first_ms < sequence_ms;
    const handler = (in_time ? shortcuts[`${first_key} ${key}`] : undefined) ?? shortcuts[key];
    first_key = starts.has(key) ? key : null;
    first_ms = event.timeStamp;
    if (!handler || (event.shiftKey && event.key.length > 1)) return;
    if (handler(event) !== false) event.preventDefault();
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}
