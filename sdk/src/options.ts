import type { PrivacyConfig, UrlRule } from './privacy';
import type { Report, Stops } from './recorder/page-access';

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
  /** Requests to these addresses are our own. */
  ownUrls: string[];
  report: Report;
  stops(): Stops;
}

/** Starts collecting, returns what ends it. */
export type Module = (context: ModuleContext) => () => void;

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
  /** Address of the Reenact server. Needed unless the two URLs below are given. */
  serverUrl?: string;
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
  interactionConfig?: { ugcFilterRules?: UrlRule[] };
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
  /** A replay ends after this time. Default: never. */
  maxReplayDurationMs?: number;
  modules?: Module[];
}
