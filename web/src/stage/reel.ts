import { kept_bytes, type PageSize } from '../lib/player/stage-protocol';

/** Events as they came, to be used as far as they lie after `after_ms`. */
export interface Part {
  after_ms: number;
  bytes: ArrayBuffer;
}

/**
 * What was loaded since the last state, unread: the Replayer changes the events it is given, so going
 * back means reading them again. Kept as long as it is little.
 */
export class Reel {
  from_ms = 0;
  size: PageSize | undefined;
  #parts: Part[] = [];
  #bytes = 0;

  get parts(): readonly Part[] {
    return this.#parts;
  }

  start({ from_ms, bytes, size }: { from_ms: number; bytes: ArrayBuffer; size?: PageSize }): void {
    this.from_ms = from_ms;
    this.size = size;
    this.#parts = [{ after_ms: -Infinity, bytes }];
    this.#bytes = bytes.byteLength;
  }

  add(part: Part): void {
    this.#bytes += part.bytes.byteLength;
    this.#parts.push(part);
    this.forgetIfTooLong();
  }

  forgetIfTooLong(): void {
    if (this.#bytes > kept_bytes) this.#parts = [];
  }
}
