/**
 * What must be added at the end of `held` so that it contains `wanted` in one piece, or null when
 * adding at the end cannot do it. Playing into a later page shortens `wanted` at its front; the
 * chunks before it may stay.
 */
export function missingAtEnd(held: number[], wanted: number[]): number[] | null {
  const start = held.indexOf(wanted[0] ?? NaN);
  if (start < 0) return null;
  const common = Math.min(held.length - start, wanted.length);
  for (let index = 0; index < common; index += 1) {
    if (held[start + index] !== wanted[index]) return null;
  }
  return wanted.slice(common);
}
