// Runs inside the replaying page: the real player, and what it shows.
import { Replayer } from '@rrweb/replay';
import { dump } from './dump';

/** Through the player's own model of the page, as in a seek, or straight into the frame. */
export type Way = 'virtual' | 'direct';

/** Plays all events and tells what the page looks like at the end. */
async function replay(events: any[], way: Way): Promise<string[]> {
  const end = Math.max(...events.map(({ timestamp }) => timestamp)) + 1;
  return (await replayAt(events, [end], way))[0]!;
}

/** Plays and tells what the page looks like at each of the times. */
async function replayAt(events: any[], times_ms: number[], way: Way): Promise<string[][]> {
  document.body.innerHTML = '';
  const warnings: string[] = [];
  const warn = console.warn;
  console.warn = (...words: unknown[]) => void warnings.push(words.map(String).join(' '));
  const start = events[0].timestamp;
  const sorted = [...events].sort((a, b) => a.timestamp - b.timestamp);
  const replayer = new Replayer(sorted, {
    root: document.body,
    mouseTail: false,
    showWarning: false,
    useVirtualDom: way === 'virtual',
  });
  const shown: string[][] = [];
  for (const time_ms of times_ms) {
    replayer.pause(time_ms - start);
    // Sheets of linked styles and frames' documents are applied a task later.
    await new Promise((done) => setTimeout(done, 60));
    shown.push(dump(replayer.iframe.contentDocument!));
  }
  replayer.destroy();
  console.warn = warn;
  return shown;
}

declare global {
  interface Window {
    replay: typeof replay;
    replayAt: typeof replayAt;
  }
}
window.replay = replay;
window.replayAt = replayAt;
