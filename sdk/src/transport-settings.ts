import type { Options } from './options';
import type { TransportOptions } from './transport/transport';

const BATCH_MS = 5_000;
const BATCH_CHARS = 500_000;

/** What the page's options say about sending. */
export function transportSettings(options: Options) {
  const { storeType, flushMaxRetries, useWebWorker, workerUrl, performanceConfig } = options;
  const isIdle = performanceConfig?.enabled ?? true;
  return {
    isPersistent: (storeType ?? 'idb') === 'idb',
    maxRetries: flushMaxRetries ?? 5,
    batch_ms: BATCH_MS,
    batch_chars: BATCH_CHARS,
    useWebWorker: useWebWorker ?? true,
    workerUrl,
    idleTimeout_ms: isIdle ? (performanceConfig?.timeout ?? 2_000) : null,
  } satisfies Partial<TransportOptions>;
}
