// Test pages are bundled in memory, once per run.
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';

const cache = new Map<string, Promise<string>>();

export function bundle(entry: string): Promise<string> {
  let text = cache.get(entry);
  if (!text) {
    text = build({
      entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
      bundle: true,
      write: false,
      format: 'iife',
      target: 'es2022',
      logLevel: 'error',
    }).then((result) => result.outputFiles[0]!.text);
    cache.set(entry, text);
  }
  return text;
}
