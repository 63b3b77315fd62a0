import type { Chunk } from '$lib/api/types';

/** About how much lies between two moments, if chunks are even in themselves. */
export function bytesBetween(chunks: Chunk[], from_ms: number, to_ms: number): number {
  let bytes = 0;
  for (const chunk of chunks) {
    const shared_ms = Math.min(to_ms, chunk.to_ms) - Math.max(from_ms, chunk.from_ms);
    if (shared_ms > 0) bytes += chunk.size_bytes * (shared_ms / Math.max(1, chunk.to_ms - chunk.from_ms));
  }
  return bytes;
}
