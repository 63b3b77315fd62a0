// Frames of other origins, for the page that has them: a frame with `child-frame.ts`
// records itself and hands its events here, where they get ids of this recording. Each
// side listens only to the origins it names.

import { TYPE, type Message } from '../frame-messages';
import { EventType, Source, type NodeData } from '../recorder/format';
import type { Module } from '../options';

/** Style ids of different frames must not meet. */
const STYLE_IDS_PER_FRAME = 1_000_000;
const ID_KEYS = new Set(['id', 'parentId', 'nextId', 'rootId', 'start', 'end']);

interface Child {
  ids: Map<number, number>;
  origin: string;
  documentId: number;
  number: number;
}

export function crossOriginFrames({ origins }: { origins: string[] }): Module {
  return (context) => {
    const stops = context.stops();
    const children = new Map<MessageEventSource, Child>();
    let count = 0;

    const elementOf = (source: MessageEventSource): HTMLIFrameElement | undefined =>
      Array.from(document.querySelectorAll('iframe')).find((frame) => frame.contentWindow === source);

    const start = (source: MessageEventSource, origin: string) => {
      children.set(source, { ids: new Map(), origin, documentId: 0, number: ++count });
      (source as Window).postMessage({ type: TYPE, kind: 'start' } satisfies Message, origin);
    };

    stops.listen(window, 'message', ({ data, origin, source }: MessageEvent<Message>) => {
      if (data?.type !== TYPE || !source || !origins.includes(origin)) return;
      const frame = elementOf(source);
      if (!frame) return;
      if (data.kind === 'hello') return start(source, origin);
      const child = children.get(source);
      const frameId = context.idOf(frame);
      // A frame that is not in the recording, because it is blocked or gone, stays out.
      if (data.kind === 'event' && child && frameId) {
        for (const event of translate(data.event, child, frameId, context.newId)) {
          context.event(event.type, event.data, data.event.timestamp);
        }
      }
    });
    // A new snapshot of the page needs new ones of its frames.
    stops.add(
      context.onSnapshot(() => {
        for (const [source, { origin }] of [...children]) {
          const frame = elementOf(source);
          if (!frame) children.delete(source);
          else start(source, origin);
        }
      }),
    );
    // Frames that said hello before anybody listened.
    for (const frame of document.querySelectorAll('iframe')) {
      const origin = URL.canParse?.(frame.src) ? new URL(frame.src).origin : '';
      if (frame.contentWindow && origins.includes(origin)) start(frame.contentWindow, origin);
    }
    return () => stops.stop();
  };
}

/** A frame's event in the terms of the page around it. */
function translate(
  { type, data }: { type: EventType; data: any },
  child: Child,
  frameId: number,
  newId: () => number,
): { type: EventType; data: unknown }[] {
  if (type === EventType.Custom) return [{ type, data }];
  if (type === EventType.FullSnapshot) {
    child.ids.clear();
    child.documentId = 0;
    rewrite(data.node, child, newId);
    child.documentId = data.node.id;
    for (const node of data.node.childNodes) setRoot(node, child.documentId);
    const adds = [{ parentId: frameId, nextId: null, node: data.node }];
    const mutation = { source: Source.Mutation, texts: [], attributes: [], removes: [], adds, isAttachIframe: true };
    const { left, top } = data.initialOffset;
    const scroll = { source: Source.Scroll, id: child.documentId, x: left, y: top };
    return [mutation, ...(left || top ? [scroll] : [])].map((part) => ({ type: EventType.Incremental, data: part }));
  }
  // Addresses and window sizes are those of the page around.
  if (type !== EventType.Incremental || data.source === Source.ViewportResize || !child.documentId) return [];
  rewrite(data, child, newId);
  for (const { node } of data.adds ?? []) if (node) setRoot(node, child.documentId);
  return [{ type, data }];
}

function setRoot(node: NodeData, documentId: number): void {
  if (node.type !== 0) node.rootId ??= documentId;
  // Frames inside the frame name their own document.
  if (node.type !== 0) for (const inner of node.childNodes ?? []) setRoot(inner, documentId);
}

function rewrite(value: any, child: Child, newId: () => number): void {
  if (Array.isArray(value)) {
    for (const item of value) rewrite(item, child, newId);
    return;
  }
  if (!value || typeof value !== 'object') return;
  for (const key of Object.keys(value)) {
    const inner = value[key];
    if (ID_KEYS.has(key) && typeof inner === 'number') {
      let id = child.ids.get(inner);
      if (!id) child.ids.set(inner, (id = newId()));
      value[key] = id;
    } else if (key === 'styleId') value[key] = inner + child.number * STYLE_IDS_PER_FRAME;
    else if (key === 'styleIds') value[key] = inner.map((id: number) => id + child.number * STYLE_IDS_PER_FRAME);
    // Attributes of a node are the page's own words, not ours.
    else if (key !== 'attributes' || Array.isArray(inner)) rewrite(inner, child, newId);
  }
}

export default crossOriginFrames;
