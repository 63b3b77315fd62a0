// Replay as a plugin of Amplitude's Browser SDK 2: `amplitude.add(sessionReplayPlugin(…))`.

import { Client } from './client';
import type { Options } from './options';

const MOST_WAIT_MS = 2_000;

/** What we use of the analytics SDK's configuration. Its getters tell current values. */
interface AnalyticsConfig {
  apiKey: string;
  deviceId?: string;
  sessionId?: number;
  optOut?: boolean;
  serverUrl?: string;
  serverZone?: string;
  logLevel?: number;
  loggerProvider?: Options['loggerProvider'];
}

interface AnalyticsEvent {
  event_type: string;
  session_id?: number;
  device_id?: string;
  event_properties?: Record<string, unknown>;
  user_properties?: { $set?: Record<string, unknown> };
}

export interface PluginOptions extends Options {
  /** The ingest key, if it is not the analytics key. */
  apiKey?: string;
  /** Takes the session's id from events instead of the SDK's own. */
  customSessionId?: (event: AnalyticsEvent) => string | undefined;
}

export function sessionReplayPlugin(options: PluginOptions = {}) {
  const client = new Client();
  let config: AnalyticsConfig | undefined;

  /** A new session that is about to start. Its first events wait for it, but not long. */
  let change: Promise<unknown> | undefined;

  const follow = async (sessionId: string | number | undefined): Promise<void> => {
    if (config && sessionId !== undefined && sessionId !== -1) {
      const started = client.setSessionId(sessionId, config.deviceId).promise;
      const limit = new Promise((done) => setTimeout(done, MOST_WAIT_MS));
      change = Promise.race([started, limit]).finally(() => (change = undefined));
      await change;
    }
  };

  return {
    name: '@reenact/browser',
    type: 'enrichment' as const,
    client,

    async setup(analytics: AnalyticsConfig): Promise<void> {
      config = analytics;
      const serverUrl =
        options.serverUrl ?? (analytics.serverUrl ? new URL(analytics.serverUrl, location.href).origin : undefined);
      const init = client.init(options.apiKey ?? analytics.apiKey, {
        logLevel: analytics.logLevel,
        loggerProvider: analytics.loggerProvider,
        serverZone: analytics.serverZone === 'EU' ? 'EU' : 'US',
        ...options,
        serverUrl,
        deviceId: options.deviceId ?? analytics.deviceId,
        sessionId: options.customSessionId ? '' : analytics.sessionId,
        optOut: options.optOut ?? analytics.optOut,
      });
      // The analytics SDK must not wait for ours.
      void init.promise;
    },

    async execute(event: AnalyticsEvent): Promise<AnalyticsEvent> {
      const sessionId = options.customSessionId ? options.customSessionId(event) : event.session_id;
      if (sessionId !== undefined && String(sessionId) !== client.getSessionId()) await follow(sessionId);
      await change;
      if (event.user_properties?.$set) client.tell({ user: event.user_properties.$set });
      if (event.event_type[0] !== '$') client.tell({ event });
      if (event.event_type !== '$identify' && String(sessionId) === client.getSessionId()) {
        event.event_properties = { ...event.event_properties, ...client.getSessionReplayProperties() };
      }
      return event;
    },

    async onSessionIdChanged(sessionId: number): Promise<void> {
      if (!options.customSessionId) await follow(sessionId);
    },

    async onOptOutChanged(isOptedOut: boolean): Promise<void> {
      if (isOptedOut) client.optOut();
      else client.optIn();
    },

    async teardown(): Promise<void> {
      client.shutdown();
      config = undefined;
    },

    getSessionReplayProperties: () => client.getSessionReplayProperties(),
    start: () => client.start(),
    stop: () => client.stop(),
  };
}
