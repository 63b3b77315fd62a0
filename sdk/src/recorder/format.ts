// The event format (rrweb's) in the terms the recorder needs. The numbers are the
// wire values, so they never change.

export const enum EventType {
  FullSnapshot = 2,
  Incremental = 3,
  Meta = 4,
  Custom = 5,
  Plugin = 6,
}

export const enum Source {
  Mutation = 0,
  MouseMove = 1,
  MouseInteraction = 2,
  Scroll = 3,
  ViewportResize = 4,
  Input = 5,
  TouchMove = 6,
  MediaInteraction = 7,
  StyleSheetRule = 8,
  CanvasMutation = 9,
  Drag = 12,
  StyleDeclaration = 13,
  Selection = 14,
  AdoptedStyleSheet = 15,
  CustomElement = 16,
}

/** `nodeType` of the DOM. */
export const enum DomKind {
  Element = 1,
  Text = 3,
  Cdata = 4,
  Comment = 8,
  DocumentType = 10,
  Document = 9,
  Fragment = 11,
}

export const enum NodeKind {
  Document = 0,
  DocumentType = 1,
  Element = 2,
  Text = 3,
  Cdata = 4,
  Comment = 5,
}

export type AttributeValue = string | number | boolean | null;
export type Attributes = Record<string, AttributeValue>;

/** A serialised node. Only the fields of its kind are present. */
export interface NodeData {
  type: NodeKind;
  id: number;
  rootId?: number;
  isShadow?: true;
  isShadowHost?: true;
  isSVG?: true;
  isCustom?: true;
  isStyle?: true;
  tagName?: string;
  attributes?: Attributes;
  childNodes?: NodeData[];
  textContent?: string;
  compatMode?: string;
  name?: string;
  publicId?: string;
  systemId?: string;
}

export interface AddedNode {
  parentId: number;
  nextId: number | null;
  node: NodeData;
}

export interface RemovedNode {
  parentId: number;
  id: number;
  isShadow?: true;
}

export interface RecordedEvent {
  type: number;
  data: unknown;
  timestamp: number;
}

/** Takes what a collector saw. The time is now unless it is given. */
export type Emit = (type: EventType, data: unknown, timestamp?: number) => void;

export type Stop = () => void;
