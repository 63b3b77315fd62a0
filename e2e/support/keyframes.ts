// Recordings, their keyframes, and what the real player makes of both.
import type { Page } from '@playwright/test';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const playerScript = join(dirname(require.resolve('@rrweb/replay')), '..', 'umd', 'replay.min.js');
const repository = fileURLToPath(new URL('../..', import.meta.url));
const blankUrl = 'http://keyframes.example.test/';

/** A list of events as JSON. */
type EventsJson = string;

export interface Recording {
  name: string;
  file: string;
  events: EventsJson;
  startMs: number;
  endMs: number;
}

/** The heavy sessions take minutes each; these have every kind of content between them. */
const quick = ['kitchen-u5', 'kitchen-u3', 'chat-u3', 'crm-u2', 'ide-u3'];

/** `RECORDINGS=all`: all sessions of the repository; a folder: those in it. */
export function recordingFiles(): string[] {
  const asked = process.env.RECORDINGS ?? '';
  const folder = asked === '' || asked === 'all' ? join(repository, 'fixtures/rrweb') : asked;
  const isWanted = (name: string): boolean => asked !== '' || quick.some((one) => name === `${one}.jsonl.zst`);
  const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl.zst') && isWanted(name));
  return names.sort().map((name) => join(folder, name));
}

function stateAt(file: string, times_ms: number[]): EventsJson[] {
  const program = ['run', '--quiet', '-p', 'rrweb', '--example', 'state_at', '--', file, ...times_ms.map(String)];
  const output = execFileSync('cargo', program, { cwd: repository, encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'inherit'] });
  return output.split('\n').slice(0, -1);
}

export function readRecording(file: string): Recording {
  const [events = '[]'] = stateAt(file, []);
  const times = (JSON.parse(events) as { timestamp: number; type: number }[]).map(({ timestamp }) => timestamp);
  return { name: basename(file, '.jsonl.zst'), file, events, startMs: times[0] ?? 0, endMs: times.at(-1) ?? 0 };
}

export function keyframes({ file }: Recording, times_ms: number[]): EventsJson[] {
  return stateAt(file, times_ms);
}

/**
 * Moments spread over a recording after its first snapshot, the same in every run. None
 * is between the start of a page and its snapshot: a player that seeks there shows the
 * first snapshot of the whole recording, not the page that the visitor still saw.
 */
export function moments({ events, endMs }: Recording, count: number): number[] {
  const starts = (JSON.parse(events) as { timestamp: number; type: number }[]).filter(({ type }) => type === 2 || type === 4);
  const start = starts.find(({ type }) => type === 2)?.timestamp ?? endMs;
  const withPage = (atMs: number) => {
    const next = starts.findIndex(({ timestamp }) => timestamp > atMs);
    const isWaiting = starts[(next < 0 ? starts.length : next) - 1]?.type === 4;
    return isWaiting && next >= 0 ? (starts.slice(next).find(({ type }) => type === 2)?.timestamp ?? atMs) : atMs;
  };
  let random = events.length % 2147483647;
  return Array.from({ length: count }, () => {
    random = (random * 48271) % 2147483647;
    return withPage(start + (random % (endMs - start + 1)));
  }).sort((a, b) => a - b);
}

/** An empty page with the player; nothing of a recording is fetched. */
export async function openPlayer(page: Page): Promise<void> {
  await page.route('**/*', (route) =>
    route.request().url() === blankUrl ? route.fulfill({ contentType: 'text/html', body: '<!doctype html><title>player</title>' }) : route.abort(),
  );
  await page.goto(blankUrl);
  await page.addScriptTag({ path: playerScript });
  await page.addScriptTag({ content: `window.describePlayer = ${describePlayer.toString()}` });
}

/** Gives the page a recording, to be named in `shown`. */
export async function addEvents(page: Page, events: EventsJson): Promise<void> {
  await page.evaluate((json) => {
    (window as any).recorded = json;
  }, events);
}

/**
 * What the player shows at this moment when it plays `first` and then the events of
 * the recording later than `afterMs`.
 */
export async function shown(page: Page, first: EventsJson, afterMs: number, atMs: number): Promise<string[]> {
  return page.evaluate(
    async ([firstJson, after, at]) => {
      const { Replayer } = (window as any).rrwebReplay;
      // The player changes the events it plays, so each gets its own.
      const later = JSON.parse((window as any).recorded).filter((event: { timestamp: number }) => event.timestamp > (after as number));
      const events = [...JSON.parse(firstJson as string), ...later];
      const replayer = new Replayer(events, { mouseTail: false, showWarning: false, loadTimeout: 1, UNSAFE_replayCanvas: true });
      (window as any).replayer = replayer;
      // The player applies what is before the offset, hence one more.
      replayer.pause((at as number) - events[0].timestamp + 1);
      // Images of canvases come a little later, and pages may scroll smoothly: until
      // nothing changes any more.
      let lines: string[] = [];
      for (let previous = '', round = 0; round < 20; round += 1) {
        await new Promise((done) => setTimeout(done, 60));
        await new Promise((done) => requestAnimationFrame(done));
        lines = (window as any).describePlayer(replayer);
        const now = lines.join();
        if (now === previous) break;
        previous = now;
      }
      replayer.destroy();
      document.querySelectorAll('.replayer-wrapper').forEach((wrapper) => wrapper.remove());
      return lines;
    },
    [first, afterMs, atMs] as const,
  );
}

/** One line per node with an id. Runs in the page, so it uses nothing from outside. */
function describePlayer(replayer: any): string[] {
  const mirror = replayer.getMirror();
  const idOf = (node: Node | null | undefined) => (node ? mirror.getId(node) : 0);
  const known = (nodes: Iterable<Node>) => [...nodes].map(idOf).filter((id) => id > 0);
  const rules = (sheet: CSSStyleSheet | null | undefined) => [...(sheet?.cssRules ?? [])].map((rule) => rule.cssText);
  const pixels = (canvas: HTMLCanvasElement) => {
    try {
      const url = canvas.toDataURL();
      let hash = 0;
      for (let at = 0; at < url.length; at += 1) hash = (hash * 31 + url.charCodeAt(at)) | 0;
      return hash;
    } catch {
      return 'unreadable';
    }
  };
  const lines: string[] = [];
  for (const id of mirror.getIds().sort((a: number, b: number) => a - b)) {
    const node = mirror.getNode(id);
    if (id < 1 || !node) continue;
    const parent = node instanceof ShadowRoot ? node.host : node.parentNode;
    const host = parent?.nodeType === 11 ? (parent as ShadowRoot).host : parent;
    const described: Record<string, unknown> = { id, name: node.nodeName.toLowerCase(), parent: idOf(host), children: known(node.childNodes) };
    if (node.nodeType === 9) {
      described.frame = idOf(node.defaultView?.frameElement);
      described.scroll = [Math.round(node.defaultView?.scrollX), Math.round(node.defaultView?.scrollY)];
      described.sheets = node.adoptedStyleSheets.map(rules);
      described.mode = node.compatMode;
    } else if (node.nodeType === 1) {
      // As an object: the player can set `xmlns` twice.
      const attributes = [...node.attributes]
        .filter(({ name }) => name !== 'style')
        .map(({ name, value }) => [name, name === 'class' ? value.trim().split(/\s+/).sort().join(' ') : value])
        .sort();
      described.attributes = Object.fromEntries(attributes);
      // While seeking, the player writes names of custom properties in small letters.
      described.style = [...(node.style ?? [])].map((name: string) => `${name.toLowerCase()}: ${node.style.getPropertyValue(name)} ${node.style.getPropertyPriority(name)}`).sort();
      described.scroll = [Math.round(node.scrollLeft), Math.round(node.scrollTop)];
      if (node.shadowRoot) {
        described.shadow = known(node.shadowRoot.childNodes);
        described.sheets = node.shadowRoot.adoptedStyleSheets.map(rules);
      }
      if ('value' in node) described.value = node.value;
      if ('checked' in node) described.checked = node.checked;
      if ('selectedIndex' in node) described.selected = node.selectedIndex;
      if (node.sheet) described.rules = rules(node.sheet);
      if (node.nodeName === 'CANVAS') described.canvas = [node.width, node.height, pixels(node)];
      // Chromium calls a dialog modal still when it was closed by its attribute.
      if (node.nodeName === 'DIALOG') described.dialog = [node.open, node.open && node.matches('dialog:modal')];
      if ('paused' in node) described.media = [node.muted, node.volume, node.loop, node.playbackRate];
    } else if (node.parentNode?.nodeName !== 'STYLE') {
      described.text = node.nodeValue;
    }
    lines.push(JSON.stringify(described));
  }
  const mouse = document.querySelector<HTMLElement>('.replayer-mouse');
  lines.push(`pointer ${mouse?.style.left} ${mouse?.style.top}`);
  const selection = replayer.iframe.contentDocument.getSelection();
  // A caret comes with the focus, which a player that seeks gives only to old nodes.
  if (selection && !selection.isCollapsed)
    lines.push(`selection ${idOf(selection.anchorNode)} ${selection.anchorOffset} ${idOf(selection.focusNode)} ${selection.focusOffset}`);
  return lines;
}

/**
 * What a player that seeks through the recording itself gets wrong, so that it cannot
 * be compared: it starts at the last snapshot and forgets where the pointer was, and it
 * ignores clicks on nodes that were added since.
 */
export function comparable({ events }: Recording, atMs: number): (state: string[]) => string[] {
  const since = sinceSnapshot(events, atMs).filter(({ type }) => type === 3);
  const lastPlacing = since.findLast(({ data }) => [1, 2, 6, 12].includes(data.source ?? -1));
  const hasPointer = lastPlacing !== undefined && lastPlacing.data.source !== 2;
  return (state) =>
    state
      .filter((line) => hasPointer || !line.startsWith('pointer '))
      .map((line) => (hasPointer ? line : line.replace(/"class":":hover ?/, '"class":"').replace(/"class":"",|,?"class":""/, '')));
}

/**
 * The player that seeks also scrolls the window before adopted sheets and changed rules
 * give the page its height, and then stands elsewhere than the recording says. A state
 * that stands exactly where the recording says is right in that point.
 */
export function withRecordedScroll({ events }: Recording, atMs: number, played: string[], state: string[]): string[] {
  const since = sinceSnapshot(events, atMs);
  const offset = since[0]?.data.initialOffset;
  const last = since.findLast(({ type, data }) => type === 3 && data.source === 3 && data.id === 1)?.data ?? { x: offset?.left, y: offset?.top };
  const recorded = `"scroll":[${Math.round(last.x ?? 0)},${Math.round(last.y ?? 0)}]`;
  const isWindow = (line: string) => line.startsWith('{"id":1,') || /^\{"id":\d+,"name":"html","parent":1,/.test(line);
  const isAsRecorded = state.filter((line) => isWindow(line) && line.includes('"scroll":')).every((line) => line.includes(recorded));
  return isAsRecorded ? played.map((line) => (isWindow(line) ? line.replace(/"scroll":\[[^\]]*\]/, recorded) : line)) : played;
}

interface RecordedEvent {
  timestamp: number;
  type: number;
  data: { source?: number; id?: number; x?: number; y?: number; initialOffset?: { left: number; top: number } };
}

/** The last full snapshot until this moment and what follows it. */
function sinceSnapshot(events: EventsJson, atMs: number): RecordedEvent[] {
  const before = (JSON.parse(events) as RecordedEvent[]).filter(({ timestamp }) => timestamp <= atMs);
  return before.slice(before.findLastIndex(({ type }) => type === 2));
}
