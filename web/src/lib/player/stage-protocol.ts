// What the player and the stage say to each other by postMessage. Both sides check origin and source.

/** Player to stage. `chunk` hands over the bytes of a loaded chunk; the stage parses them. */
export type ToStage =
  | { kind: 'chunk'; from_ms: number; bytes: ArrayBuffer }
  | { kind: 'forget'; from_ms: number[] }
  /**
   * The whole wanted state, sent on every change and four times a second while playing.
   * `chunks` is the loaded run around `at_ms` by chunk start. A new `seek` number forces a redraw.
   */
  | {
      kind: 'sync';
      chunks: number[];
      at_ms: number;
      playing: boolean;
      speed: number;
      seek: number;
    };

/** Stage to player. */
export type FromStage =
  | { kind: 'ready' }
  | { kind: 'chunk'; from_ms: number; page_starts_ms: number[] }
  | { kind: 'chunk_broken'; from_ms: number; message: string }
  | { kind: 'size'; width: number; height: number; scale: number }
  | { kind: 'shown'; seek: number }
  | { kind: 'error'; message: string };
