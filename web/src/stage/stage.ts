import '@rrweb/replay/dist/style.css';
import './stage.css';
import {
  clockTimeAt,
  wallTime,
  type ClockState,
  type FromStage,
  type ToStage,
} from '../lib/player/stage-protocol';
import { describe } from './describe';
import { boxOf, childrenOf, elementOf, pathAt, rectOf } from './inspect';
import { Overlay } from './overlay';
import { Reel, type Part } from './reel';
import { Screen } from './screen';
import { event_type, isEvent, isMove, source, splitState, Tape, withSize, type RecordedEvent } from './tape';

// The document a recording is shown in. It asks nobody but this server's archive for anything: its
// content policy forbids every other request, and the frame the Replayer makes inside is sandboxed
// without scripts. Events come from the player as bytes, and only from it.

/** More than this at once was not seen anyway: a hidden tab, a machine that was busy. */
const cut_behind_ms = 1_500;
const sheet_wait_ms = 400;

const origin = location.origin;
const root = document.createElement('div');
root.className = 'page';
document.body.append(root);
const highlight = document.createElement('div');
highlight.className = 'highlight';
highlight.hidden = true;

const reel = new Reel();
const tape = new Tape();
const screen = new Screen(root, onPageSize);
const overlay = new Overlay(root);
root.append(highlight);

let clock: ClockState & { seek: number } = { seek: -2, wall_ms: 0, at_ms: 0, playing: false, speed: 1, ceiling_ms: 0 };
let page_size = { width: 0, height: 0 };
/** The seek that what is on screen belongs to; parts of an earlier one come too late. */
let current_seek = -1;
let applied_ms = 0;
let highlighted: number | null = null;
let frame = 0;

function post(message: FromStage): void {
  parent.postMessage(message, origin);
}

function fit(): void {
  const { width, height } = page_size;
  if (width === 0 || height === 0) return;
  const scale = Math.min(1, innerWidth / width, innerHeight / height);
  // Whole pixels, or every line of the page would be blurred.
  const left = Math.max(0, Math.round((innerWidth - width * scale) / 2));
  const top = Math.max(0, Math.round((innerHeight - height * scale) / 2));
  root.style.width = `${width}px`;
  root.style.height = `${height}px`;
  root.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  // The overlay and the pointer keep their size on the watcher's screen.
  root.style.setProperty('--upscale', String(Math.min(3, 1 / scale)));
  post({ kind: 'size', width, height, scale, left, top });
}

function onPageSize(width: number, height: number): void {
  if (width === page_size.width && height === page_size.height) return;
  page_size = { width, height };
  overlay.resize(width, height);
  fit();
}

function parse(bytes: ArrayBuffer): RecordedEvent[] {
  const events: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (!Array.isArray(events)) throw new Error('The answer is not a list of events');
  return events.filter(isEvent);
}

async function load(message: ToStage & { kind: 'load' }): Promise<void> {
  current_seek = message.seek;
  reel.start(message);
  await show(message.at_ms, message.seek);
}

/** From the state that the reel begins with. */
async function show(at_ms: number, seek: number): Promise<void> {
  tape.clear();
  overlay.clear();
  const [first, ...more] = reel.parts;
  if (!first) throw new Error('Nothing is loaded');
  const { state, following } = splitState(parse(first.bytes), reel.from_ms);
  tape.append(following);
  for (const part of more) appendPart(part);
  reel.forgetIfTooLong();
  const events = state.concat(tape.takeUntil(at_ms));
  screen.showState(withSize(events, reel.size));
  applied_ms = at_ms;
  await sheetsLoaded();
  if (current_seek === seek) finishSeek(seek);
}

function appendPart({ after_ms, bytes }: Part): void {
  tape.append(parse(bytes).filter((event) => event.timestamp > after_ms));
}

async function jump(message: ToStage & { kind: 'jump' }): Promise<void> {
  current_seek = message.seek;
  if (message.at_ms < applied_ms && reel.parts.length > 0) return show(message.at_ms, message.seek);
  overlay.clear();
  screen.apply(tape.takeUntil(message.at_ms), true);
  applied_ms = message.at_ms;
  finishSeek(message.seek);
}

function finishSeek(seek: number): void {
  screen.setRunning(clock.playing);
  markHighlight();
  requestNext();
  post({ kind: 'shown', seek, node_count: screen.node_count });
}

/** Archived style sheets come by request; the page is shown without them only if they are slow. */
async function sheetsLoaded(): Promise<void> {
  const links = screen.document?.querySelectorAll<HTMLLinkElement>('link[rel~="stylesheet"][href]') ?? [];
  const loading = [...links]
    .filter((link) => !link.sheet)
    .map((link) => new Promise((done) => ['load', 'error'].forEach((name) => link.addEventListener(name, done))));
  if (loading.length === 0) return;
  await Promise.race([Promise.all(loading), new Promise((done) => setTimeout(done, sheet_wait_ms))]);
}

function onFrame(): void {
  // An older clock must not play a newer page, nor a newer clock an older page.
  if (clock.seek !== current_seek) return;
  const at_ms = clockTimeAt(clock, wallTime());
  if (at_ms >= applied_ms) {
    const due = tape.takeUntil(at_ms);
    const cut = at_ms - applied_ms > cut_behind_ms * Math.max(1, clock.speed);
    if (due.length > 0) play(due, cut);
    applied_ms = at_ms;
    overlay.draw(at_ms);
  }
  if (clock.playing) requestNext();
}

function play(due: RecordedEvent[], cut: boolean): void {
  if (cut) {
    screen.apply(due, true);
    return;
  }
  // One pass for what changes the page, with a look at the pointer where it moved or pressed.
  let waiting: RecordedEvent[] = [];
  for (const event of due) {
    waiting.push(event);
    const press = pressOf(event);
    if (!isMove(event) && !press) continue;
    screen.apply(waiting, false);
    waiting = [];
    const pointer = screen.pointer;
    if (!pointer) continue;
    overlay.moved(pointer.x, pointer.y, event.timestamp);
    if (press) overlay.pressed(pointer.x, pointer.y, event.timestamp, press === 'touch');
  }
  if (waiting.length > 0) screen.apply(waiting, false);
  if (highlighted !== null) markHighlight();
}

function pressOf({ type, data }: RecordedEvent): 'mouse' | 'touch' | null {
  if (type !== event_type.incremental || data.source !== source.mouse_interaction) return null;
  if (data['type'] === 7) return 'touch';
  return data['type'] === 2 ? (data['pointerType'] === 2 ? 'touch' : 'mouse') : null;
}

function requestNext(): void {
  cancelAnimationFrame(frame);
  frame = requestAnimationFrame(onFrame);
}

function markHighlight(): void {
  const element = highlighted === null ? null : elementOf(screen, highlighted);
  highlight.hidden = element === null;
  if (!element) return;
  const { x, y, width, height } = rectOf(element);
  highlight.style.transform = `translate(${x}px, ${y}px)`;
  highlight.style.width = `${width}px`;
  highlight.style.height = `${height}px`;
}

async function handle(message: ToStage): Promise<void> {
  switch (message.kind) {
    case 'load':
      return load(message);
    case 'append':
      if (message.seek !== current_seek) return;
      reel.add(message);
      return appendPart(message);
    case 'jump':
      return jump(message);
    case 'clock':
      clock = message;
      screen.smooth_scroll = clock.speed <= 2 && !overlay.still;
      screen.setRunning(clock.playing);
      requestNext();
      return;
    case 'options':
      overlay.trail_shown = message.trail;
      overlay.still = message.still;
      document.documentElement.classList.toggle('still', message.still);
      requestNext();
      return;
    case 'find_change': {
      const at_ms = message.direction > 0 ? tape.changeAfter(message.at_ms) : tape.changeBefore(message.at_ms);
      return post({ kind: 'change', request: message.request, at_ms });
    }
    case 'inspect':
      return post({ kind: 'nodes', request: message.request, nodes: childrenOf(screen, message.node_id) });
    case 'pick':
      return post({ kind: 'path', request: message.request, path: pathAt(screen, message.x, message.y) });
    case 'measure':
      return post({ kind: 'box', request: message.request, box: boxOf(screen, message.node_id) });
    case 'describe':
      return post({ kind: 'element', request: message.request, element: describe(screen, message.node_id) });
    case 'highlight':
      highlighted = message.node_id;
      return markHighlight();
  }
}

addEventListener('message', (event: MessageEvent<ToStage>) => {
  if (event.source !== parent || event.origin !== origin) return;
  const seek = 'seek' in event.data ? event.data.seek : current_seek;
  handle(event.data).catch((error: unknown) => {
    post({ kind: 'error', seek, message: error instanceof Error ? error.message : String(error) });
  });
});

addEventListener('resize', fit);
post({ kind: 'ready' });
