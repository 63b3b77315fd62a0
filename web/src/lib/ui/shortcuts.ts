import { preferences } from './preferences.svelte';

/**
 * Handlers by key as in `event.key`; `g r` is a sequence, `Shift+ArrowLeft` and `Alt+ArrowLeft` name
 * a modifier. Returning false leaves the key alone.
 */
export type Shortcuts = Record<string, (event: KeyboardEvent) => void | boolean>;

const sequence_ms = 1_500;

/**
 * The modal dialog that has the keys at the moment. One that plays a replay over a page brings
 * shortcuts of its own; the page below rests.
 */
function keyLayer(): Element | null {
  return [...document.querySelectorAll('dialog:modal')].at(-1) ?? null;
}

/** Single keys belong to the page only when nothing that uses keys itself has the focus. */
export function takesKeys(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.closest('[popover]:popover-open')) return true;
  return target.matches('input:not([type=checkbox], [type=radio], [type=button]), textarea, select');
}

/** Buttons keep Space and Enter, links Enter; a focused slider or menu keeps its own keys. */
function nativeKey(event: KeyboardEvent): boolean {
  if (!(event.target instanceof HTMLElement)) return false;
  const pressable = 'button, summary, input, [role=button]';
  if (event.key === ' ') return event.target.matches(pressable);
  return event.key === 'Enter' && event.target.matches(`${pressable}, a[href]`);
}

/** Shift is part of a character already (`?`), so that only named keys carry it. */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'altKey' | 'shiftKey'>): string {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return `${event.altKey ? 'Alt+' : ''}${event.shiftKey && key.length > 1 ? 'Shift+' : ''}${key}`;
}

/** Listens on the window; returns the way to stop. Valid in the dialog that is open while binding. */
export function bindShortcuts(shortcuts: Shortcuts): () => void {
  const layer = keyLayer();
  let first_key: string | null = null;
  let first_ms = 0;
  const starts = new Set(
    Object.keys(shortcuts)
      .filter((keys) => keys.length > 1 && keys.includes(' ') && keys !== ' ')
      .map((keys) => keys.split(' ')[0]),
  );

  const listen = (event: KeyboardEvent) => {
    if (!preferences.settings.shortcuts || event.defaultPrevented || keyLayer() !== layer) return;
    if (event.ctrlKey || event.metaKey || takesKeys(event.target) || nativeKey(event)) return;
    const key = keyName(event);
    const in_time = first_key !== null && event.timeStamp - first_ms < sequence_ms;
    const handler = (in_time ? shortcuts[`${first_key} ${key}`] : undefined) ?? shortcuts[key];
    first_key = starts.has(key) ? key : null;
    first_ms = event.timeStamp;
    if (!handler) return;
    if (handler(event) !== false) event.preventDefault();
  };
  addEventListener('keydown', listen);
  return () => removeEventListener('keydown', listen);
}
