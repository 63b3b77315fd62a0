// The public object: what runs when.
//
// off -> buffering (waits for an error, keeps the last minute) -> recording -> paused
// (nobody there) -> recording ... -> off

import { addressesOf, bareUrl, ownUrls, type Addresses } from './addresses';
import { sendEvent } from './events';
import {
  deviceId,
  hasConsent,
  keepConsent,
  pageIds,
  rememberTargeted,
  sessionId,
  tabId,
  touchSession,
  wasTargeted,
} from './identity';
import { KeptEvents } from './kept-events';
import { log } from './logger';
import { independentModules, ModuleHost, recordingModules } from './module-host';
import { isChildFrame, LogLevel, type ModuleContext, type Options } from './options';
import type { RecorderHandle } from './recorder/entry';
import { EventType, Source } from './recorder/format';
import { cancelLater, guard, later, Stops } from './recorder/page-access';
import { knownRemoteConfig, readRemoteConfig, type RemoteConfig } from './remote-config';
import { isSampled } from './sampling';
import type { TargetingNews } from './targeting';
import { TargetingGate } from './targeting-gate';
import type { Recipient } from './transport/outbox';
import { transportSettings } from './transport-settings';
import type { Transport } from './transport/transport';

export const VERSION = '0.1.0';
const REPLAY_ID = '[Amplitude] Session Replay ID';
const REPLAY_DEBUG = '[Amplitude] Session Replay Debug';
const INACTIVITY_MS = 15 * 60_000;
/** Each look at the clock costs the page a task. */
const TICK_MS = 1_000;
const TICK_WHILE_RECORDING_MS = 5_000;
const CLICK = 2;
const LIBRARY = '@reenact/browser/' + VERSION;
/** Written before the recorder has arrived. */
const MOST_EARLY_EVENTS = 100;

/** The file with recorder and transport, once it has arrived. */
let recorderFile: typeof import('./recorder/entry') | undefined;

async function loadRecorder(): Promise<void> {
  recorderFile ??= await import('./recorder/entry');
}

type Mode = 'off' | 'buffering' | 'recording' | 'paused';

export interface Pending {
  promise: Promise<void>;
}

export class Client {
  private options: Options = {};
  private key = '';
  private remote: RemoteConfig | null = null;
  private mode: Mode = 'off';
  private to: Recipient = { device: '', session: '', user: '' };
  private isOwnSession = false;
  private isOptedOut = false;
  private recorder: RecorderHandle | undefined;
  private starting: Promise<void> = Promise.resolve();
  private early: [type: EventType, data: unknown, at: number][] = [];
  private transport: Transport | undefined;
  private lastActivity_ms = 0;
  private startedAt_ms = 0;
  private heldUntil_ms = 0;
  /** Events that may never be sent. */
  private readonly kept = new KeptEvents();
  private clock = 0;
  private page = '';
  private tab = '';
  private readonly report = (error: unknown) => this.log(LogLevel.Warn, error);
  private readonly stops = new Stops(this.report);
  private readonly snapshotListeners = new Set<() => void>();
  private readonly modules = new ModuleHost(this.moduleContext(), this.report);
  private readonly independentModules = new ModuleHost(this.moduleContext(), this.report);
  private readonly gate = new TargetingGate(this.report);
  private generation = 0;

  private log(level: LogLevel, ...words: unknown[]): void {
    log(this.options, level, words);
  }

  /** Reads the settings and starts what they say. Never throws into the page. */
  init(key: string, options: Options = {}): Pending {
    if (this.generation) this.shutdown();
    this.key = key;
    this.options = options;
    if (isChildFrame(options)) return { promise: this.recordIntoParent().catch(this.report) };
    this.isOwnSession = options.sessionId === undefined;
    this.isOptedOut = Boolean(options.optOut);
    const now_ms = Date.now();
    this.to = {
      device: options.deviceId ?? deviceId(),
      session: String(options.sessionId ?? sessionId(now_ms)),
      user: this.to.user,
    };
    // At the same time as the settings. Whether it is needed they may say otherwise.
    const known = knownRemoteConfig(key);
    const rate = known?.sampleRate ?? options.sampleRate ?? 0;
    const mayStart = isSampled(this.to.session, rate) || (known?.errorSampleRate ?? options.errorSampleRate);
    if (mayStart && !this.isForbidden) loadRecorder().catch(() => {});
    const promise = this.whenShown().then(() => this.begin()).catch(this.report);
    return { promise };
  }

  /** A frame of another origin hands its recording to the page around it. */
  private async recordIntoParent(): Promise<void> {
    const { crossOriginIframes, privacyConfig } = this.options;
    const generation = ++this.generation;
    const { recordForParent } = await import('./modules/child-frame');
    if (generation !== this.generation || this.options.optOut) return;
    this.stops.add(recordForParent({ origins: crossOriginIframes!.origins, privacyConfig }));
  }

  /** A page that is prepared in advance may never be seen. */
  private whenShown(): Promise<unknown> {
    const isPrepared = (document as { prerendering?: boolean }).prerendering;
    if (!isPrepared) return Promise.resolve();
    return new Promise((shown) => document.addEventListener('prerenderingchange', shown, { once: true }));
  }

  private get urls(): Addresses {
    return addressesOf(this.options);
  }

  private async begin(): Promise<void> {
    const generation = ++this.generation;
    this.remote = { isEnabled: true };
    if (this.options.enableRemoteConfig ?? true) {
      this.remote = await readRemoteConfig(this.urls.config, this.key);
      if (!this.remote) this.log(LogLevel.Warn, 'settings could not be read: nothing is recorded');
    }
    if (generation === this.generation) this.decide();
    await this.starting;
  }

  private get errorSampleRate(): number {
    return this.remote?.errorSampleRate ?? this.options.errorSampleRate ?? 0;
  }

  /** The visitor has not agreed, or nothing says where recordings go. */
  private get isForbidden(): boolean {
    return this.isOptedOut || !this.key || (Boolean(this.options.needsConsent) && !hasConsent());
  }

  /** Starts, or not, for the session there is. */
  private decide(): void {
    this.gate.close();
    if (!this.remote?.isEnabled || this.isForbidden || !this.to.session) return;
    this.independentModules.start(independentModules(this.options, this.remote));
    const rate = this.remote.sampleRate ?? this.options.sampleRate ?? 0;
    const { targeting } = this.remote;
    const isChosen = targeting ? wasTargeted(this.to.session) : isSampled(this.to.session, rate);
    if (isChosen) this.start();
    else if (this.errorSampleRate) this.startBuffering();
    if (targeting && !isChosen) {
      const { session } = this.to;
      this.gate.open(targeting, this.to, () => {
        rememberTargeted(session);
        this.start();
      });
    }
    this.startListening();
  }

  /** Tells the project's conditions what happened; the first that holds starts the recording. */
  tell(news: TargetingNews): void {
    this.gate.tell(news);
  }

  /** Records from now on, whatever the sample rate says. */
  start(): void {
    if (this.isForbidden || this.mode === 'recording') return;
    if (this.mode === 'buffering') return this.releaseBuffer();
    this.mode = 'recording';
    this.startRecorder();
  }

  /** Keeps the last minute, and sends it when an error comes or `flush` is called. */
  startBuffering(): void {
    if (this.isForbidden || this.mode !== 'off') return;
    this.mode = 'buffering';
    this.startRecorder();
  }

  private startRecorder(): void {
    const now_ms = Date.now();
    this.lastActivity_ms = this.startedAt_ms = now_ms;
    this.heldUntil_ms = now_ms + (this.remote?.minSessionDuration_ms ?? Math.min(this.options.minReplayDurationMs ?? 0, 60_000));
    this.startListening();
    this.independentModules.start(independentModules(this.options, this.remote));
    if (recorderFile) return this.run();
    const { generation } = this;
    this.starting = loadRecorder().then(
      () => {
        if (generation === this.generation && !this.recorder && this.mode !== 'off') this.run();
      },
      (error) => {
        this.log(LogLevel.Error, 'the recorder could not be loaded', error);
        if (generation === this.generation) this.halt();
      },
    );
  }

  private run(): void {
    const { options } = this;
    guard(this.report, () => {
      this.transport ??= this.connect();
      this.recorder = recorderFile!.createRecorder((type, data, at) => this.take(type, data as any, at), {
        privacyConfig: options.privacyConfig ?? {},
        remotePrivacy: this.remote?.privacy,
        urlRules: options.interactionConfig?.ugcFilterRules,
        report: this.report,
        shouldInlineStylesheet: options.shouldInlineStylesheet ?? true,
        applyBackgroundColorToBlockedElements: options.applyBackgroundColorToBlockedElements ?? false,
      });
      this.recorder.start();
      for (const [type, data, at] of this.early.splice(0)) this.take(type, data, at);
      // A visit may be over in a second: what there is goes now.
      if (this.mode === 'recording') this.transport!.handOver(true);
    })();
    this.modules.start(recordingModules(options, this.remote));
  }

  private connect(): Transport {
    const ids = pageIds();
    this.tab ||= tabId();
    this.page = ids.page;
    return recorderFile!.createTransport({
      ...transportSettings(this.options),
      ...ids,
      url: this.urls.track,
      key: this.key,
      tab: this.tab,
      library: LIBRARY,
      report: this.report,
      onStop: (reason) => {
        this.log(LogLevel.Warn, `recording ends: ${reason}`);
        this.halt();
      },
    });
  }

  /** What the recorder and the modules emit. */
  private take(type: EventType, data: any, at = Date.now()): void {
    const isActivity =
      type === EventType.Incremental
        ? data.source === Source.MouseInteraction && data.type === CLICK
        : type === EventType.Plugin && data.plugin === 'amplitude/url-tracking@1';
    if (isActivity) {
      this.lastActivity_ms = at;
      if (this.isOwnSession) touchSession(this.to.session, at);
    }
    if (type === EventType.FullSnapshot) {
      for (const tell of this.snapshotListeners) later(this.report, tell, 0);
    }
    let whole: object | null = { type, data, timestamp: at, tab: this.tab };
    if (this.options.beforeAddRecordingEvent) whole = this.options.beforeAddRecordingEvent(whole as any);
    if (!whole) return;
    const isBuffering = this.mode === 'buffering';
    const event = { json: JSON.stringify(whole), at };
    if (isBuffering || at < this.heldUntil_ms) return this.kept.add(event, isBuffering && type === EventType.Meta);
    this.sendKept();
    this.transport?.send(event, this.to);
  }

  private sendKept(): void {
    for (const event of this.kept.take()) this.transport?.send(event, this.to);
  }

  /** Looks every few seconds whether somebody is there. */
  private tick(): void {
    const now_ms = Date.now();
    const { inactivityTimeoutMs = INACTIVITY_MS, maxReplayDurationMs = 0 } = this.options;
    let wait_ms = TICK_MS;
    if (this.mode === 'buffering') {
      if (this.kept.isSnapshotDue(now_ms)) this.recorder?.takeFullSnapshot();
      this.kept.forgetOld(now_ms);
    } else if (this.mode === 'recording') {
      if (maxReplayDurationMs && now_ms - this.startedAt_ms >= maxReplayDurationMs) return this.halt();
      if (inactivityTimeoutMs && now_ms - this.lastActivity_ms >= inactivityTimeoutMs) {
        this.pause();
      }
      wait_ms = Math.min(TICK_WHILE_RECORDING_MS, inactivityTimeoutMs || Infinity, maxReplayDurationMs || Infinity);
    }
    this.gate.lookAtAddress();
    this.clock = later(this.report, () => this.tick(), wait_ms);
  }

  private pause(): void {
    this.custom('recording paused', {});
    this.stopRecorder();
    this.mode = 'paused';
    void this.transport?.flush();
  }

  private resume(): void {
    const now_ms = Date.now();
    const session = this.isOwnSession ? sessionId(now_ms) : this.to.session;
    this.mode = 'off';
    if (session !== this.to.session) {
      this.to = { ...this.to, session };
      this.decide();
    } else this.start();
  }

  private startListening(): void {
    if (this.clock) return;
    this.clock = later(this.report, () => this.tick(), TICK_MS);
    this.stops.listen(window, 'click popstate', () => {
      if (this.mode === 'paused') this.resume();
      this.gate.lookAtAddress();
    });
    this.stops.listen(window, 'error unhandledrejection', (event: Event) => {
      // Pictures and scripts that do not load are no errors of the program.
      if (event.target === window) this.pageFailed();
    });
    this.stops.listen(document, 'visibilitychange', () => {
      this.custom('visibility', { visible: !document.hidden });
      if (document.hidden) void this.transport?.flush();
    });
    this.stops.listen(window, 'focus blur', (event: Event) => {
      if (event.target !== window) return;
      this.custom('focus', { hasFocus: event.type === 'focus' });
      if (!this.options.pauseWhenUnfocused) return;
      // A window whose frame has the focus still has it.
      if (!document.hasFocus()) this.mode === 'recording' && this.pause();
      else if (this.mode === 'paused') this.resume();
    });
    this.stops.listen(window, 'pagehide', () => {
      this.recorder?.flush(true);
      if (this.mode === 'recording') this.transport?.leave();
    });
    this.stops.listen(window, 'pageshow', (event: PageTransitionEvent) => {
      // Back from the cache: what the player knows may be long ago.
      if (event.persisted && this.mode === 'recording') this.recorder?.takeFullSnapshot();
    });
  }

  private moduleContext(): ModuleContext {
    const client = this;
    return {
      custom: (tag, payload) => this.custom(tag, payload),
      plugin: (plugin, payload) => this.write(EventType.Plugin, { plugin, payload }),
      event: (type, data, at) => this.write(type, data, at),
      newId: () => this.recorder?.newId() ?? 0,
      onSnapshot: (tell) => {
        this.snapshotListeners.add(tell);
        return () => this.snapshotListeners.delete(tell);
      },
      idOf: (node) => this.recorder?.idOfRecorded(node) ?? 0,
      error: () => this.pageFailed(),
      url: (href) => this.recorder?.url(href) ?? bareUrl(href, this.options),
      text: (element) => (element && this.recorder?.text(element)) || undefined,
      track: (type, properties, fields) => this.track(type, properties, fields),
      target: () => ({ url: this.urls.server, key: this.key, to: this.to, isAllowed: !this.isForbidden }),
      get ownUrls() {
        return ownUrls(client.urls);
      },
      report: this.report,
      stops: () => new Stops(this.report),
    };
  }

  private write(type: EventType, data: unknown, at?: number): void {
    if (this.recorder) guard(this.report, () => this.take(type, data, at))();
    else if (this.mode !== 'off' && this.mode !== 'paused' && this.early.length < MOST_EARLY_EVENTS) {
      this.early.push([type, data, at ?? Date.now()]);
    }
  }

  private custom(tag: string, payload: unknown): void {
    this.write(EventType.Custom, { tag, payload });
  }

  private pageFailed(): void {
    if (this.mode === 'buffering' && Math.random() < this.errorSampleRate) this.releaseBuffer();
  }

  private releaseBuffer(): void {
    this.recorder?.flush();
    this.mode = 'recording';
    this.startedAt_ms = this.lastActivity_ms = Date.now();
    this.sendKept();
    this.transport?.handOver(true);
  }

  /** The id under which the running replay is found; null when there is none. */
  getReplayId(): string | null {
    const isRunning = this.mode === 'recording' || this.mode === 'paused';
    return isRunning ? `${this.to.device}/${this.to.session}` : null;
  }

  /** Put these on one event of the session, and the event leads to the replay. */
  getSessionReplayProperties(): Record<string, string> {
    const id = this.getReplayId();
    if (!id) return {};
    const properties: Record<string, string> = { [REPLAY_ID]: id };
    if (this.options.debugMode) properties[REPLAY_DEBUG] = JSON.stringify({ mode: this.mode, page: this.page });
    return properties;
  }

  getSessionId(): string {
    return this.to.session;
  }

  /** A new session begins. The same id again changes nothing. */
  setSessionId(id: string | number, device: string = this.to.device): Pending {
    const session = String(id);
    if (session === this.to.session && device === this.to.device) return { promise: Promise.resolve() };
    this.isOwnSession = false;
    this.endReplay();
    this.to = { ...this.to, session, device };
    return { promise: this.key ? this.begin().catch(this.report) : Promise.resolve() };
  }

  setUser(user: { id?: string; email?: string; name?: string } | null): void {
    this.to = { ...this.to, user: user?.id ?? '' };
    this.custom('user', user ?? {});
  }

  /** An event for search and charts, which leads to the replay. */
  track(type: string, properties: Record<string, unknown> = {}, fields: Record<string, unknown> = {}): void {
    this.tell({ event: { event_type: type, event_properties: properties } });
    this.sendEvent({
      event_type: type,
      event_properties: { ...properties, ...this.getSessionReplayProperties() },
      ...fields,
    });
  }

  /** Who the visitor is, and what is known of them. */
  identify(userId: string, properties: Record<string, unknown> = {}): void {
    this.setUser({ id: userId });
    this.tell({ user: { user_id: userId, ...properties } });
    this.sendEvent({ event_type: '$identify', user_properties: { $set: properties } });
  }

  private sendEvent(event: Record<string, unknown>): void {
    if (this.isForbidden) return;
    sendEvent({ url: this.urls.events, key: this.key, to: this.to, library: LIBRARY, report: this.report }, event);
  }

  addBreadcrumb(breadcrumb: { category?: string; message?: string; level?: string; data?: unknown }): void {
    this.custom('breadcrumb', breadcrumb);
  }

  /** Adds an error to the replay and starts one that waits for that. */
  captureException(error: unknown): void {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    this.custom('error', { name, message, stack, handled: true });
    this.pageFailed();
  }

  /** Sends what there is, and a replay that is only kept until now. */
  async flush(): Promise<void> {
    await this.starting;
    if (this.mode === 'buffering') this.releaseBuffer();
    this.recorder?.flush(true);
    await this.transport?.flush();
  }

  optOut(): void {
    this.isOptedOut = true;
    if (this.options.needsConsent) keepConsent(false);
    this.kept.take();
    const { transport } = this;
    this.transport = undefined;
    this.halt();
    transport?.discard();
    // The outbox needs a moment to empty its database.
    if (transport) later(this.report, () => transport.close(), 2_000);
  }

  optIn(): void {
    this.isOptedOut = false;
    if (this.options.needsConsent) keepConsent(true);
    if (this.mode === 'off' && this.remote) this.decide();
  }

  private stopRecorder(): void {
    const { recorder } = this;
    recorder?.stop();
    this.recorder = undefined;
  }

  private endReplay(): void {
    if (this.mode === 'recording') this.recorder?.flush(true);
    this.stopRecorder();
    this.mode = 'off';
    this.kept.take();
    this.early = [];
    this.transport?.handOver(true);
  }

  /** Recording is over until `start`, `init` or a new session. */
  private halt(): void {
    this.generation++;
    this.endReplay();
    this.modules.stop();
    this.independentModules.stop();
    this.gate.close();
    this.stops.stop();
    cancelLater(this.clock);
    this.clock = 0;
  }

  /** Stops recording. What is recorded is sent: at once, or with `flush: false` some time. */
  async stop({ flush = true } = {}): Promise<void> {
    this.halt();
    if (flush) await this.transport?.flush();
  }

  /** Stops everything. `init` starts again. */
  shutdown(): void {
    const { transport } = this;
    this.halt();
    this.transport = undefined;
    if (transport) void transport.flush().then(() => transport.close());
  }
}
