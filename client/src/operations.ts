// What of an operation a caller has to give, and what comes back, from the generated table.
import type { Operations } from './schema.js';

/** As the API's document and `curl` write it: `GET /api/v1/replays/{id}`. */
export type Operation = keyof Operations;
export type Answer<O extends Operation> = Operations[O]['answer'];

/** Nothing when there is nothing to give, and optional when all of it is. */
type Part<Name extends string, Given> = [Given] extends [undefined]
  ? unknown
  : Record<never, never> extends Given
    ? { [name in Name]?: Given }
    : { [name in Name]: Given };

export type Options<O extends Operation> = Part<'path', Operations[O]['path']> &
  Part<'query', Operations[O]['query']> &
  Part<'body', Operations[O]['body']> & {
    /** Gives up, also while the client waits to ask again. `AbortSignal.timeout(30_000)` is a limit. */
    signal?: AbortSignal;
  };

/** The options, which can be left out when none is needed. */
export type OptionsOf<O extends Operation> =
  Record<never, never> extends Options<O> ? [options?: Options<O>] : [options: Options<O>];

/** Operations whose answer is one page of several. */
export type PagedOperation = {
  [O in Operation]: Operations[O]['query'] extends { cursor?: unknown } ? (Answer<O> extends { next_cursor: unknown } ? O : never) : never;
}[Operation];

/** The names of the lists in an answer. */
export type ListOf<O extends Operation> = {
  [Name in keyof Answer<O>]: Answer<O>[Name] extends readonly unknown[] ? Name : never;
}[keyof Answer<O>];

export type ItemOf<O extends Operation, List extends ListOf<O>> = Answer<O>[List] extends readonly (infer Item)[] ? Item : never;
