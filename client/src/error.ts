import type { Error as ErrorAnswer, ErrorCode } from './schema.js';

/**
 * The server's stable code, or one of the client: `offline` when the server cannot be reached,
 * `broken_answer` when what came is cut off or is no page, `http_502` and the like when something
 * in between answered.
 */
export type ApiErrorCode = ErrorCode | 'offline' | 'broken_answer' | `http_${number}`;

/** How every failed request ends, except one that its own `signal` has ended. */
export class ApiError extends Error {
  override readonly name = 'ApiError';

  constructor(
    readonly code: ApiErrorCode,
    message: string,
    /** 0 without an answer. */
    readonly status = 0,
    /** Under this id the server's log has more. */
    readonly request_id: string | null = null,
    /** When it is worth another try. */
    readonly retry_after_s: number | null = null,
    /** What the server said: with `at` and `nearest` of a bad filter, `scope` of a token that lacks one. */
    readonly details: Partial<ErrorAnswer['error']> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export async function errorFrom(response: Response): Promise<ApiError> {
  let details: Partial<ErrorAnswer['error']> = {};
  try {
    details = ((await response.json()) as Partial<ErrorAnswer>).error ?? {};
  } catch {
    // A proxy answered with something else; the status still says enough.
  }
  return new ApiError(
    details.code ?? `http_${response.status}`,
    details.message ?? `the server answered with status ${response.status}`,
    response.status,
    details.request_id ?? response.headers.get('x-request-id'),
    secondsOf(response.headers.get('retry-after')),
    details,
  );
}

/** Seconds, or the date that some proxies send instead. */
function secondsOf(retry_after: string | null): number | null {
  if (retry_after === null) return null;
  const seconds = /^\s*\d+\s*$/.test(retry_after) ? Number(retry_after) : (Date.parse(retry_after) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : null;
}
