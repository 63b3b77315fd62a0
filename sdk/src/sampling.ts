// Whether a session is recorded is decided by its id alone, so every page and tab of it,
// and the server, come to the same answer.

const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** xxHash32 with seed 0 of the text's UTF-8 bytes. */
export function xxhash32(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const view = new DataView(bytes.buffer);
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    const lanes = [P1 + P2, P2, 0, -P1];
    for (; at + 16 <= bytes.length; at += 16) {
      for (let lane = 0; lane < 4; lane++) {
        const mixed = lanes[lane]! + Math.imul(view.getUint32(at + lane * 4, true), P2);
        lanes[lane] = Math.imul(rotate(mixed, 13), P1);
      }
    }
    hash = rotate(lanes[0]!, 1) + rotate(lanes[1]!, 7) + rotate(lanes[2]!, 12) + rotate(lanes[3]!, 18);
  } else hash = P5;
  hash += bytes.length;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotate(hash + Math.imul(view.getUint32(at, true), P3), 17), P4);
  }
  for (; at < bytes.length; at++) hash = Math.imul(rotate(hash + Math.imul(bytes[at]!, P5), 11), P1);
  hash = Math.imul(hash ^ (hash >>> 15), P2);
  hash = Math.imul(hash ^ (hash >>> 13), P3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** Rates are exact to a millionth. */
export function isSampled(sessionId: string, rate: number): boolean {
  return (xxhash32(sessionId) % 1_000_000) / 1_000_000 < rate;
}
