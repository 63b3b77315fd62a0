// Fonts that scripts make with `new FontFace(…)`: those of style sheets are in the sheets.

import type { Module, ModuleContext } from '../options';
import { EventType } from '../recorder/format';

const FONT_SOURCE = 10;
/** As a list of numbers in JSON a font is four times as long. */
const LONGEST_FONT_BYTES = 500_000;

interface Recorded {
  family: string;
  fontSource: string;
  buffer: boolean;
  descriptors?: FontFaceDescriptors;
}

export function fontCapture(): Module {
  return (context: ModuleContext) => {
    const stops = context.stops();
    const made = new WeakMap<FontFace, Recorded>();
    const Original = window.FontFace;
    const write = (font: FontFace) => {
      const recorded = made.get(font);
      if (recorded) context.event(EventType.Incremental, { source: FONT_SOURCE, ...recorded });
    };
    if (!Original) return () => {};
    const remember = (font: FontFace, family: string, source: unknown, descriptors?: FontFaceDescriptors) => {
      const isText = typeof source === 'string';
      const bytes = isText ? null : bytesOf(source);
      if (!isText && (!bytes || bytes.length > LONGEST_FONT_BYTES)) return;
      const fontSource = bytes ? JSON.stringify(Array.from(bytes)) : absolute(String(source));
      made.set(font, { family, fontSource, buffer: !isText, descriptors });
    };
    const Replacement = new Proxy(Original, {
      construct(target, [family, source, descriptors], newTarget) {
        const font = Reflect.construct(target, [family, source, descriptors], newTarget) as FontFace;
        try {
          remember(font, String(family), source, descriptors);
        } catch (error) {
          context.report(error);
        }
        return font;
      },
    });
    window.FontFace = Replacement;
    stops.add(() => {
      if (window.FontFace === Replacement) window.FontFace = Original;
    });
    const add = document.fonts.add;
    const replacementOfAdd = function (this: FontFaceSet, font: FontFace) {
      const added = add.call(this, font);
      try {
        write(font);
      } catch (error) {
        context.report(error);
      }
      return added;
    };
    // On this one set only: no prototype is touched.
    document.fonts.add = replacementOfAdd;
    stops.add(() => {
      if (document.fonts.add === replacementOfAdd) delete (document.fonts as { add?: unknown }).add;
    });
    // Players begin at a snapshot with no fonts.
    stops.add(context.onSnapshot(() => document.fonts.forEach(write)));
    return () => stops.stop();
  };
}

export default fontCapture;

function bytesOf(source: unknown): Uint8Array | null {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : null;
}

/** Addresses in a font's source are relative to the page. */
function absolute(source: string): string {
  return source.replace(/url\(\s*(["']?)([^"')]+)\1\s*\)/g, (_all, quote, href) => {
    return `url(${quote}${new URL(href, document.baseURI).href}${quote})`;
  });
}
