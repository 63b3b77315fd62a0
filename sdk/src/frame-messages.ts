// What a page and its frames of other origins say to each other.

import type { EventType } from './recorder/format';

export const TYPE = 'reenact-frame';

export type Message =
  | { type: typeof TYPE; kind: 'hello' }
  | { type: typeof TYPE; kind: 'start' }
  | { type: typeof TYPE; kind: 'event'; event: { type: EventType; data: any; timestamp: number } };
