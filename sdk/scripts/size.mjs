// The size of every entry, gzip -9, against its limit. Prints a table for the change.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const LIMITS_BYTES = {
  'index.js': 7_000,
  'reenact.js': 7_400,
  // With the transport: core and transport together are less than 10 KB.
  'recorder.js': 14_500,
  'targeting.js': 1_500,
  'modules/autocapture.js': 2_200,
  'modules/interactions.js': 1_300,
  'outbox-worker.js': 2_700,
  'modules/canvas.js': 900,
  'modules/child-frame.js': 11_000,
  'modules/console.js': 800,
  'modules/errors.js': 500,
  'modules/frames.js': 1_300,
  'modules/network.js': 1_600,
  'modules/vitals.js': 1_000,
};

let isOver = false;
for (const [name, limit_bytes] of Object.entries(LIMITS_BYTES)) {
  const path = fileURLToPath(new URL(`../dist/${name}`, import.meta.url));
  const size_bytes = gzipSync(readFileSync(path), { level: 9 }).length;
  const mark = size_bytes > limit_bytes ? 'OVER' : 'ok';
  isOver ||= size_bytes > limit_bytes;
  console.log(`${name.padEnd(22)} ${String(size_bytes).padStart(6)} of ${limit_bytes} bytes gzip  ${mark}`);
}
process.exitCode = isOver ? 1 : 0;
