import type { ModuleChoice } from './module-host';
import type { InteractionOptions } from './modules/interactions';
import type { AutocaptureOptions } from './modules/autocapture';
import type { PrivacyConfig, UrlRule } from './privacy';
import type { Report, Stops } from './recorder/page-access';
import type { Recipient } from './transport/outbox';

/** What an optional module gets, so that it needs nothing global. */
export interface ModuleContext {
  /** Adds a custom event to the recording. */
  custom(tag: string, payload: unknown): void;
  /** Adds an event of a player plugin to the recording. */
  plugin(name: string, payload: unknown): void;
  /** Adds any event to the recording. */
  event(type: number, data: unknown, timestamp?: number): void;
  /** An id for a node that somebody else records. */
  newId(): number;
  /** Tells each time a snapshot has started the recording anew. Returns what ends that. */
  onSnapshot(tell: () => void): () => void;
  /** The id of a recorded node, 0 if it is not in the recording. */
  idOf(node: Node): number;
  /** Tells that something went wrong on the page: starts a replay that waits for that. */
  error(): void;
  /** An address as it may be recorded. */
  url(href: string): string;
  /** The words of an element as far as they may be recorded; undefined when nothing says how far. */
  text(element: Element | null): string | undefined;
  /** Sends an event for search and charts; `fields` are those of the event itself. */
  track(type: string, properties: Record<string, unknown>, fields?: Record<string, unknown>): void;
  /** Where a module sends what is not part of the recording, and whether it may. */
  target(): { url: string; key: string; to: Recipient; isAllowed: boolean };
  /** Requests to these addresses are our own. */
  ownUrls: string[];
  report: Report;
  stops(): Stops;
}

/** Starts collecting, returns what ends it. */
export type Module = (context: ModuleContext) => () => void;

export type ServerZone = 'US' | 'EU';

export interface LoggerProvider {
  error(...words: unknown[]): void;
  warn(...words: unknown[]): void;
  log(...words: unknown[]): void;
  debug(...words: unknown[]): void;
}

/** The numbers that Amplitude's SDK uses. */
export const enum LogLevel {
  None = 0,
  Error = 1,
  Warn = 2,
  Verbose = 3,
  Debug = 4,
}

export interface Options {
  /** Address of the Reenact server, or one for each zone. Needed unless the URLs below are given. */
  serverUrl?: string | Partial<Record<ServerZone, string>>;
  /** Which of the servers. Default `US`. */
  serverZone?: ServerZone;
  /** Where recordings go. Default `<serverUrl>/api/v1/ingest/rrweb`. */
  trackServerUrl?: string;
  /** Where settings are read; the key is appended. Default `<serverUrl>/config`. */
  configServerUrl?: string;
  /** Where `track` and `identify` send events. Default `<serverUrl>/2/httpapi`. */
  eventsServerUrl?: string;
  /** False: only these options count, and the server is not asked. */
  enableRemoteConfig?: boolean;
  deviceId?: string;
  sessionId?: string | number;
  /** Share of sessions recorded, 0 to 1. Default 0. */
  sampleRate?: number;
  /** Share of the other sessions recorded from one minute before their first error. Default 0. */
  errorSampleRate?: number;
  optOut?: boolean;
  /** True: nothing happens until `optIn()`, and then on later pages too, until `optOut()`. */
  needsConsent?: boolean;
  privacyConfig?: PrivacyConfig;
  /** `enabled` sends clicks and scroll depth for heatmaps, unless the project says no. */
  interactionConfig?: InteractionOptions & { enabled?: boolean; ugcFilterRules?: UrlRule[] };
  /** Analytics events without code, from all visitors who did not opt out. */
  autocapture?: boolean | AutocaptureOptions;
  /** In the page around: `coordinateChildren` and the frames' origins. In the frame: the page's. */
  crossOriginIframes?: { enabled: boolean; coordinateChildren?: boolean; origins: string[] };
  /** Sees every event before it is kept; null drops it. */
  beforeAddRecordingEvent?: (event: { type: number; data: any; timestamp: number }) => object | null;
  storeType?: 'idb' | 'memory';
  performanceConfig?: { enabled?: boolean; timeout?: number };
  useWebWorker?: boolean;
  /** The worker as a file of your own, for pages that forbid `worker-src blob:`. */
  workerUrl?: string;
  debugMode?: boolean;
  logLevel?: LogLevel;
  loggerProvider?: LoggerProvider;
  flushMaxRetries?: number;
  shouldInlineStylesheet?: boolean;
  applyBackgroundColorToBlockedElements?: boolean;
  /** Recording pauses after this time without click or navigation. Default 15 minutes, 0 never. */
  inactivityTimeoutMs?: number;
  /** Recording pauses while the window has no focus. Default: it goes on. */
  pauseWhenUnfocused?: boolean;
  /** Shorter replays are not sent; at most a minute. */
  minReplayDurationMs?: number;
  /** A replay ends after this time. Default: never. */
  maxReplayDurationMs?: number;
  /** Functions, or names of modules that are loaded on demand. */
  modules?: ModuleChoice[];
}

/** Whether this page is a frame that records for the page around it. */
export function isChildFrame({ crossOriginIframes: frames }: Options): boolean {
  return Boolean(frames?.enabled && !frames.coordinateChildren) && window.parent !== window;
}
