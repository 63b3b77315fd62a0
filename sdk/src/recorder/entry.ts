// Recorder and transport as a file of their own: visitors who are not recorded never
// load it.

import { Privacy, type PrivacyConfig, type UrlRule } from '../privacy';
import { mergePrivacy, type RemotePrivacy } from '../privacy-settings';
import type { Emit } from './format';
import type { Report } from './page-access';
import { Transport, type TransportOptions } from '../transport/transport';
import { Recorder } from './recorder';

export interface RecorderSettings {
  privacyConfig: PrivacyConfig;
  /** What the project says; wins. */
  remotePrivacy?: RemotePrivacy;
  urlRules?: UrlRule[];
  report: Report;
  shouldInlineStylesheet: boolean;
  applyBackgroundColorToBlockedElements: boolean;
}

/** What the rest of the SDK uses of the recorder. */
export interface RecorderHandle {
  start(): void;
  stop(): void;
  flush(isLast?: boolean): void;
  takeFullSnapshot(): void;
  newId(): number;
  idOfRecorded(node: Node): number;
  /** An address as it may be recorded. */
  url(href: string): string;
  /** Words of an element as they may be recorded. */
  text(element: Element): string;
}

export function createRecorder(emit: Emit, settings: RecorderSettings): RecorderHandle {
  const { privacyConfig, remotePrivacy, urlRules, report } = settings;
  const privacy = new Privacy(mergePrivacy(privacyConfig, remotePrivacy), urlRules, report);
  const recorder = new Recorder(emit, { ...settings, privacy });
  return Object.assign(recorder, {
    url: (href: string) => privacy.url(href),
    text: (element: Element) => privacy.allText(element),
  });
}

export const createTransport = (options: TransportOptions): Transport => new Transport(options);
