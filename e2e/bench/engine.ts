// How long the stock player takes to show a replay near its end: from the state that
// the server computes, and from all events, as players without a server's help do.
import { test, type Browser } from '@playwright/test';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const playerScript = join(dirname(require.resolve('@rrweb/replay')), '..', 'umd', 'replay.min.js');
const rounds = 3;
const place = 0.9;
const limit_ms = 60_000;

interface Replay {
  name: string;
  id: string;
  first_ms: number;
  last_ms: number;
  json_bytes: number;
}

interface Opened {
  name: string;
  state_ms: number;
  all_ms: number | null;
  note: string;
}

/** Milliseconds from the request to the first frame that shows the page at this moment. */
async function open(browser: Browser, path: string, at_ms: number): Promise<number> {
  const context = await browser.newContext({ bypassCSP: true, viewport: { width: 1280, height: 800 } });
  try {
    const page = await context.newPage();
    // A page of the same origin without anything of its own.
    await page.goto(`${process.env.BENCH_ORIGIN}/healthz`);
    await page.addScriptTag({ path: playerScript });
    const opening = page.evaluate(
      async ([url, token, at]) => {
        const { Replayer } = (window as any).rrwebReplay;
        const start = performance.now();
        const answer = await fetch(url as string, { headers: { authorization: `Bearer ${token}` } });
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        const events = await answer.json();
        const replayer = new Replayer(events, { mouseTail: false, showWarning: false, loadTimeout: 1 });
        // The player applies what is before the offset, hence one more.
        replayer.pause((at as number) - replayer.getMetaData().startTime + 1);
        // A task after the next frame's callback: the frame has been painted.
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
        const time_ms = performance.now() - start;
        if (!replayer.iframe.contentDocument.body) throw new Error('the player shows nothing');
        return time_ms;
      },
      [path, process.env.BENCH_TOKEN, at_ms] as const,
    );
    const limit = new Promise<never>((_, failed) => setTimeout(() => failed(new Error(`over ${limit_ms / 1000} s`)), limit_ms));
    // Whichever comes second fails unheard when the page is closed.
    opening.catch(() => undefined);
    limit.catch(() => undefined);
    return await Promise.race([opening, limit]);
  } finally {
    await context.close();
  }
}

function median(values: number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

test('open near the end', async ({ browser }) => {
  const replays = JSON.parse(process.env.BENCH_REPLAYS ?? '[]') as Replay[];
  const opened: Opened[] = [];
  for (const { name, id, first_ms, last_ms, json_bytes } of replays) {
    const at_ms = Math.round(first_ms + (last_ms - first_ms) * place);
    const path = `/api/v1/replays/${id}/playback`;
    const state: number[] = [];
    const all: number[] = [];
    let note = `${(json_bytes / 1e6).toFixed(1)} MB of events, request included, median of ${rounds}`;
    // In turn, so that both see the same drift of the machine's speed.
    for (let round = 0; round < rounds; round += 1) {
      state.push(await open(browser, `${path}?at=${at_ms}&to=${at_ms}`, at_ms));
      if (all.length < round) continue;
      try {
        all.push(await open(browser, `${path}?from=${first_ms}&to=${last_ms + 1}`, at_ms));
      } catch (error) {
        note += `; all events: ${String(error instanceof Error ? error.message.split('\n')[0] : error)}, not tried again`;
      }
    }
    opened.push({ name, state_ms: median(state), all_ms: all.length === rounds ? median(all) : null, note });
    console.log(`open ${name}: state ${state.map(Math.round).join(' ')} ms, all events ${all.map(Math.round).join(' ')} ms; ${note}`);
  }
  writeFileSync(process.env.BENCH_RESULTS ?? 'results.json', JSON.stringify(opened));
});
