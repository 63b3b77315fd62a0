// The size of every entry, gzip -9, against its limit. Prints a table for the change.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { privateNames } from './private-names.mjs';
import { gzipSync } from 'node:zlib';

const LIMITS_BYTES = {
  'index.js': 7_000,
  'reenact.js': 7_400,
  // With the transport: core and transport together are less than 10 KB.
  'recorder.js': 14_600,
  'targeting.js': 1_500,
  'modules/autocapture.js': 2_500,
  'modules/interactions.js': 1_300,
  'outbox-worker.js': 2_700,
  'modules/canvas.js': 900,
  'modules/child-frame.js': 11_000,
  'modules/console.js': 800,
  'modules/errors.js': 500,
  'modules/fonts.js': 900,
  'modules/frames.js': 1_300,
  'modules/network.js': 1_600,
  'modules/vitals.js': 1_000,
};

const CORE_AND_TRANSPORT_BYTES = 10_240;

/** The transport comes in the recorder's file; its part of that is measured by itself. */
async function transport() {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/transport/transport.ts'],
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2020',
    mangleProps: new RegExp(`^(${privateNames(`${root}/src`).join('|')})$`),
  });
  return Buffer.from(outputFiles[0].contents);
}

const file = (name) => readFileSync(fileURLToPath(new URL(`../dist/${name}`, import.meta.url)));
let isOver = false;
function check(name, bytes, limit_bytes) {
  const size_bytes = gzipSync(bytes, { level: 9 }).length;
  isOver ||= size_bytes > limit_bytes;
  console.log(`${name.padEnd(22)} ${String(size_bytes).padStart(6)} of ${limit_bytes} bytes gzip  ${size_bytes > limit_bytes ? 'OVER' : 'ok'}`);
}

check('core with transport', Buffer.concat([file('index.js'), await transport()]), CORE_AND_TRANSPORT_BYTES);
for (const [name, limit_bytes] of Object.entries(LIMITS_BYTES)) check(name, file(name), limit_bytes);
process.exitCode = isOver ? 1 : 0;
