// Written into the head of the app's page. While the browser still reads the app, it asks for what the
// app will ask for first: who is signed in, and of a replay its manifest and its first picture. On a
// slow line that saves two round trips, and the code of the page's route one more.
import { manifestPath, me_path, statePath } from '../lib/api/addresses';
import type { EarlyAnswers } from '../lib/api/early';
import type { Manifest } from '../lib/api/types';
import { openingRange } from '../lib/player/opening';
import { readReplayAddress } from '../lib/player/replay-address';

/** Files of each kind of page, which the build writes here. */
declare const ROUTE_FILES: Record<string, string[]>;

function preload(file: string): void {
  const link = document.createElement('link');
  if (file.endsWith('.css')) {
    link.rel = 'preload';
    link.as = 'style';
  } else if (file.startsWith('/stage/')) {
    link.rel = 'preload';
    link.as = 'script';
    // As a module of the frame will ask for it.
    link.crossOrigin = 'anonymous';
  } else link.rel = 'modulepreload';
  link.href = file;
  document.head.append(link);
}

function start(): void {
  const early: EarlyAnswers = { asked_ms: performance.now(), answers: new Map() };
  window.reenact_early = early;
  const ask = (url: string, then?: (answer: Response) => Promise<void>) => {
    const asked = fetch(url, { credentials: 'same-origin' }).then(async (answer) => {
      if (answer.ok) await then?.(answer.clone()).catch(() => {});
      return answer;
    });
    early.answers.set(url, asked);
    // Whoever takes it hears of a failure; here nobody does.
    asked.catch(() => {});
  };
  const { pathname, search } = location;
  if (/^\/(login|setup)\b/.test(pathname)) return;
  ask(me_path);
  const replay = /^\/replays\/([^/]+)$/.exec(pathname)?.[1];
  for (const file of ROUTE_FILES[replay === undefined ? pathname : '/replays/[id]'] ?? []) preload(file);
  if (replay === undefined) return;
  const id = decodeURIComponent(replay);
  const { start_offset_ms } = readReplayAddress(new URLSearchParams(search));
  // The app gets the manifest when the picture has been asked for, or it would ask for it as well.
  ask(manifestPath(id), async (answer) => {
    const range = openingRange((await answer.json()) as Manifest, start_offset_ms);
    if (range) ask(statePath(id, range.from_ms, range.to_ms, range.tab));
  });
}

try {
  start();
} catch {
  // The app asks for everything itself.
}
