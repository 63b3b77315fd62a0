import type { Gap, Manifest, TimeSpan } from '$lib/api/types';
import { xOf, type View } from './time-scale';

// The quiet part of the timeline: how much happened, what is loaded, what is idle, what is missing.
// Painted when something of it changes, never on a frame of playback.

export const heights = { activity: 24, lane: 18, track: 12 } as const;
export const timeline_height = heights.activity + heights.lane + heights.track;
const track_top = heights.activity + heights.lane;

export interface Colours {
  activity: string;
  track: string;
  loaded: string;
  hatch: string;
  missing: string;
  loop: string;
}

export function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    activity: token('--border-strong'),
    track: token('--track'),
    loaded: token('--faint'),
    hatch: token('--border-strong'),
    missing: token('--danger'),
    loop: token('--selected'),
  };
}

export interface Picture {
  manifest: Manifest;
  view: View;
  idle: TimeSpan[];
  loaded: TimeSpan | null;
  loop: TimeSpan | null;
}

export function paint(canvas: HTMLCanvasElement, width: number, picture: Picture, colours: Colours): void {
  const context = canvas.getContext('2d');
  if (!context || width <= 0) return;
  const density = devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = timeline_height * density;
  context.scale(density, density);
  const { view, manifest } = picture;
  const span = (from_ms: number, to_ms: number) => {
    const from = Math.max(0, xOf(view, width, from_ms));
    return { from, width: Math.min(width, xOf(view, width, to_ms)) - from };
  };
  if (picture.loop) {
    const part = span(picture.loop.from_ms, picture.loop.to_ms);
    context.fillStyle = colours.loop;
    if (part.width > 0) context.fillRect(part.from, 0, part.width, timeline_height);
  }
  paintActivity(context, width, picture, colours);
  context.fillStyle = colours.track;
  context.fillRect(0, track_top, width, heights.track);
  if (picture.loaded) {
    const part = span(picture.loaded.from_ms, Math.min(picture.loaded.to_ms, manifest.last_event_ms));
    context.globalAlpha = 0.35;
    context.fillStyle = colours.loaded;
    if (part.width > 0) context.fillRect(part.from, track_top, part.width, heights.track);
    context.globalAlpha = 1;
  }
  for (const idle of picture.idle) {
    const part = span(idle.from_ms, idle.to_ms);
    if (part.width > 1) hatch(context, part.from, part.width, colours.hatch, 0.55);
  }
  for (const gap of manifest.gaps ?? []) paintGap(context, span(gap.from_ms, gap.to_ms), gap, colours);
}

function paintGap(
  context: CanvasRenderingContext2D,
  part: { from: number; width: number },
  gap: Gap,
  colours: Colours,
): void {
  // A short gap is still there to be seen.
  const width = Math.max(3, part.width);
  if (part.width <= -3) return;
  const harmless = gap.reason === 'page_hidden';
  const colour = harmless ? colours.hatch : colours.missing;
  context.clearRect(part.from, track_top, width, heights.track);
  hatch(context, part.from, width, colour, 0.8);
  context.strokeStyle = colour;
  context.setLineDash([2, 2]);
  context.strokeRect(part.from + 0.5, track_top + 0.5, Math.max(2, width - 1), heights.track - 1);
  context.setLineDash([]);
}

function hatch(context: CanvasRenderingContext2D, from: number, width: number, colour: string, alpha: number): void {
  context.save();
  context.beginPath();
  context.rect(from, track_top, width, heights.track);
  context.clip();
  context.beginPath();
  for (let x = from - heights.track - (from % 6); x < from + width; x += 6) {
    context.moveTo(x, track_top + heights.track);
    context.lineTo(x + heights.track, track_top);
  }
  context.strokeStyle = colour;
  context.globalAlpha = alpha;
  context.lineWidth = 1;
  context.stroke();
  context.restore();
}

function paintActivity(context: CanvasRenderingContext2D, width: number, picture: Picture, colours: Colours): void {
  const columns = activityColumns(picture.manifest, picture.view, width);
  context.fillStyle = colours.activity;
  context.globalAlpha = 0.55;
  context.beginPath();
  columns.forEach((part, index) => {
    if (part === 0) return;
    const height = Math.max(1.5, part * (heights.activity - 3));
    context.rect(index * 2, heights.activity - height, 2, height);
  });
  context.fill();
  context.globalAlpha = 1;
  context.fillRect(0, heights.activity - 0.5, width, 0.5);
}

/** Height from 0 to 1 for every two pixels; logarithmic, or one burst would flatten all the rest. */
export function activityColumns(manifest: Pick<Manifest, 'activity' | 'first_event_ms'>, view: View, width: number): number[] {
  const columns = new Array<number>(Math.max(0, Math.ceil(width / 2))).fill(0);
  const { bin_ms, counts } = manifest.activity ?? { bin_ms: 1, counts: [] };
  const most = Math.log1p(counts.reduce((most, count) => Math.max(most, count), 0));
  if (most === 0) return columns;
  const per_column_ms = (view.to_ms - view.from_ms) / columns.length;
  return columns.map((_, index) => {
    const from_ms = view.from_ms + index * per_column_ms - manifest.first_event_ms;
    const first = Math.max(0, Math.floor(from_ms / bin_ms));
    const last = Math.max(first, Math.ceil((from_ms + per_column_ms) / bin_ms) - 1);
    let count = 0;
    for (let bin = first; bin <= last; bin += 1) count = Math.max(count, counts[bin] ?? 0);
    return Math.log1p(count) / most;
  });
}
