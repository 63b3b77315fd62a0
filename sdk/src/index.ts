// The ES module. Importing it does nothing; `init` does.

import { Client, VERSION } from './client';
import type { AutocaptureOptions } from './modules/autocapture';
import type { Options } from './options';

const client = new Client();

export const init = (key: string, options?: Options) => client.init(key, options);

/** Recording and events in one, with the options of Amplitude's unified SDK. */
export const initAll = (
  key: string,
  { analytics = {}, sessionReplay = {}, ...shared }: Options & {
    analytics?: Pick<Options, 'deviceId' | 'sessionId' | 'optOut'> & { autocapture?: boolean | AutocaptureOptions };
    sessionReplay?: Options;
  },
) => client.init(key, { autocapture: true, ...shared, ...analytics, ...sessionReplay });

export const setSessionId = (id: string | number, device?: string) => client.setSessionId(id, device);
export const getSessionId = () => client.getSessionId();
export const getSessionReplayProperties = () => client.getSessionReplayProperties();
export const getReplayId = () => client.getReplayId();
export const start = () => client.start();
export const startBuffering = () => client.startBuffering();
export const stop = (options?: { flush?: boolean }) => client.stop(options);
export const flush = () => client.flush();
export const shutdown = () => client.shutdown();
export const optOut = () => client.optOut();
export const optIn = () => client.optIn();
export const setUser: Client['setUser'] = (user) => client.setUser(user);
export const track: Client['track'] = (type, properties) => client.track(type, properties);
export const identify: Client['identify'] = (userId, properties) => client.identify(userId, properties);
export const addBreadcrumb: Client['addBreadcrumb'] = (breadcrumb) => client.addBreadcrumb(breadcrumb);
export const captureException = (error: unknown) => client.captureException(error);

export { Client, VERSION };
export { sessionReplayPlugin, type PluginOptions } from './plugin';
export type { ModuleChoice } from './module-host';
export type { Module, ModuleContext, Options } from './options';
export type { MaskLevel, PrivacyConfig, UrlRule } from './privacy';
