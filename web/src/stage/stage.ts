import '@rrweb/replay/dist/style.css';
import './stage.css';
import type { FromStage, ToStage } from '../lib/player/stage-protocol';
import { metaTimes } from './keyframes';
import { missingAtEnd } from './chunk-list';
import { RecordedPage, type RecordedEvent } from './recorded-page';

// The document a recording is shown in. It loads nothing: its content policy forbids every request,
// and the frame the Replayer makes inside is sandboxed without scripts. Events come from the player
// as bytes, and only from it.

const origin = location.origin;
const root = document.createElement('div');
root.className = 'page';
document.body.append(root);

const chunks = new Map<number, RecordedEvent[]>();
let page: RecordedPage | null = null;
let page_chunks: number[] = [];
let page_size = { width: 0, height: 0 };
let shown_seek = -1;
/** Syncs are handled one after the other; only the newest waits. */
let waiting: (ToStage & { kind: 'sync' }) | null = null;
let busy = false;

function post(message: FromStage): void {
  parent.postMessage(message, origin);
}

function fit(): void {
  const { width, height } = page_size;
  if (width === 0 || height === 0) return;
  const scale = Math.min(1, innerWidth / width, innerHeight / height);
  const left = Math.max(0, (innerWidth - width * scale) / 2);
  const top = Math.max(0, (innerHeight - height * scale) / 2);
  root.style.width = `${width}px`;
  root.style.height = `${height}px`;
  root.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  post({ kind: 'size', width, height, scale });
}

function onPageSize(width: number, height: number): void {
  if (width === page_size.width && height === page_size.height) return;
  page_size = { width, height };
  fit();
}

function takeChunk(from_ms: number, bytes: ArrayBuffer): void {
  try {
    const events = JSON.parse(new TextDecoder().decode(bytes)) as RecordedEvent[];
    if (!Array.isArray(events)) throw new Error('not a list of events');
    events.sort((a, b) => a.timestamp - b.timestamp);
    chunks.set(from_ms, events);
    post({ kind: 'chunk', from_ms, page_starts_ms: metaTimes(events) });
  } catch (error) {
    post({ kind: 'chunk_broken', from_ms, message: String(error) });
  }
}

function eventsOf(list: number[]): RecordedEvent[] {
  return list.flatMap((from_ms) => chunks.get(from_ms) ?? []);
}

/** Makes `page` hold the wanted chunks: by adding at the end if possible, else from anew. */
async function prepare(wanted: number[]): Promise<RecordedPage> {
  const more = page ? missingAtEnd(page_chunks, wanted) : null;
  if (page && more) {
    page_chunks = [...page_chunks, ...more];
    await page.append(eventsOf(more));
    return page;
  }
  page?.close();
  page = null;
  page_chunks = wanted;
  page = await RecordedPage.open(root, eventsOf(wanted), onPageSize);
  shown_seek = -1;
  return page;
}

async function sync(wanted: ToStage & { kind: 'sync' }): Promise<void> {
  const ready = await prepare(wanted.chunks);
  if (!ready.can_draw) return;
  if (wanted.seek !== shown_seek) {
    ready.show(wanted.at_ms);
    shown_seek = wanted.seek;
    post({ kind: 'shown', seek: wanted.seek });
  }
  ready.follow(wanted.at_ms, wanted.playing, wanted.speed);
}

async function syncNewest(): Promise<void> {
  if (busy) return;
  busy = true;
  while (waiting) {
    const next = waiting;
    waiting = null;
    try {
      await sync(next);
    } catch (error) {
      // What is on screen may be half built: the next sync starts with a fresh page.
      try {
        page?.close();
      } catch {
        root.replaceChildren();
      }
      page = null;
      page_chunks = [];
      post({ kind: 'error', message: error instanceof Error ? error.message : String(error) });
    }
  }
  busy = false;
}

addEventListener('message', (event: MessageEvent<ToStage>) => {
  if (event.source !== parent || event.origin !== origin) return;
  const message = event.data;
  switch (message.kind) {
    case 'chunk':
      takeChunk(message.from_ms, message.bytes);
      break;
    case 'forget':
      for (const from_ms of message.from_ms) chunks.delete(from_ms);
      if (message.from_ms.some((from_ms) => page_chunks.includes(from_ms))) {
        // The picture stays until the new chunks are there; the next sync builds from anew.
        page_chunks = [NaN];
      }
      break;
    case 'sync':
      waiting = message;
      void syncNewest();
      break;
  }
});

addEventListener('resize', fit);
post({ kind: 'ready' });
