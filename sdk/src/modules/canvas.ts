// Canvas content as pictures, a few times a second, when they changed. A canvas is not
// masked: use block marks where it must not be seen.

import { EventType, Source } from '../recorder/format';
import { later } from '../recorder/page-access';
import type { Module } from '../options';

export interface CanvasOptions {
  framesPerSecond?: number;
  /** Of the pictures, 0 to 1. */
  quality?: number;
  /** Larger canvases are scaled down to this width or height. */
  maxSize?: number;
}

export function canvasCapture(options: CanvasOptions = {}): Module {
  const { framesPerSecond = 2, quality = 0.4, maxSize = 1_280 } = options;
  return (context) => {
    const latest = new WeakMap<HTMLCanvasElement, string>();
    let isStopped = false;

    const capture = async (canvas: HTMLCanvasElement): Promise<void> => {
      const id = context.idOf(canvas);
      const { width, height } = canvas;
      if (!id || !width || !height) return;
      const scale = Math.min(1, maxSize / Math.max(width, height));
      const picture = new OffscreenCanvas(Math.ceil(width * scale), Math.ceil(height * scale));
      // In the frame in which it was drawn: WebGL keeps its picture no longer.
      picture.getContext('2d')!.drawImage(canvas, 0, 0, picture.width, picture.height);
      const blob = await picture.convertToBlob({ type: 'image/webp', quality });
      const base64 = await toBase64(blob);
      if (isStopped || latest.get(canvas) === base64) return;
      latest.set(canvas, base64);
      const image = {
        rr_type: 'ImageBitmap',
        args: [{ rr_type: 'Blob', data: [{ rr_type: 'ArrayBuffer', base64 }], type: blob.type }],
      };
      const commands = [
        { property: 'clearRect', args: [0, 0, width, height] },
        { property: 'drawImage', args: [image, 0, 0, width, height] },
      ];
      context.event(EventType.Incremental, { source: Source.CanvasMutation, id, type: 0, commands });
    };

    const round = () => {
      if (isStopped) return;
      requestAnimationFrame(() => {
        for (const canvas of document.querySelectorAll('canvas')) capture(canvas).catch(context.report);
        later(context.report, round, 1_000 / framesPerSecond);
      });
    };
    if (typeof OffscreenCanvas !== 'undefined') round();
    return () => {
      isStopped = true;
    };
  };
}

async function toBase64(blob: Blob): Promise<string> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = '';
  for (let at = 0; at < bytes.length; at += 8_192) text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  return btoa(text);
}

export default canvasCapture;
