/** More than anybody types ahead. */
const max_keys = 200;

/**
 * Keeps the keys that are pressed while what they are meant for is still loading; the page below does
 * not see them. Returns the way to take them, which ends it; Escape ends it, too.
 */
export function keepKeys(onEscape: () => void): () => string[] {
  const keys: string[] = [];
  function keep(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') onEscape();
    else if (event.key.length > 1 && !/^(Backspace|Enter|Arrow(Up|Down)|Page(Up|Down))$/.test(event.key)) return;
    else if (keys.length < max_keys) keys.push(event.key);
    event.preventDefault();
    event.stopImmediatePropagation();
  }
  addEventListener('keydown', keep, true);
  return () => {
    removeEventListener('keydown', keep, true);
    return keys.splice(0);
  };
}
