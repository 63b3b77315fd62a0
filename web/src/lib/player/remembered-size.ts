/** Sizes in pixels are no choice from a list, so they have a small store of their own. */
export function rememberedSize(name: string): number | null {
  try {
    const size = Number(localStorage.getItem(`reenact.size${name}`));
    return Number.isFinite(size) && size >= 100 && size <= 4_000 ? size : null;
  } catch {
    return null;
  }
}

export function rememberSize(name: string, size: number): void {
  try {
    localStorage.setItem(`reenact.size${name}`, String(size));
  } catch {
    // It holds until the page is left.
  }
}
