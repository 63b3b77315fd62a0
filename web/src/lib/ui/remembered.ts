// Small choices kept per person in this browser. Storage can be blocked: then they last for the page.

export function rememberedText(name: string): string | null {
  try {
    return localStorage.getItem(`reenact.${name}`);
  } catch {
    return null;
  }
}

export function remembered<T extends string>(name: string, fallback: T, allowed: readonly T[]): T {
  const value = rememberedText(name);
  return allowed.includes(value as T) ? (value as T) : fallback;
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`reenact.${name}`, value);
  } catch {
    // Nothing to do: the choice holds until the page is left.
  }
}
