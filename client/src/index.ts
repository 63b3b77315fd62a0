export { createClient, type Client, type ClientOptions } from './client.js';
export { ApiError, type ApiErrorCode } from './error.js';
export type { Answer, ListOf, Operation, Options, PagedOperation } from './operations.js';
export type * from './schema.js';
