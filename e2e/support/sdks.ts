// Where `sdk/fetch.mjs` puts what the tests load.
import { join } from 'node:path';

/** A folder or file in `.cache`. */
export const sdkFolder = (name: string) => join(import.meta.dirname, '..', '.cache', name);
