import '@rrweb/replay/dist/style.css';
import './offline.css';
import { Replayer } from '@rrweb/replay';
import { clockText, idleRanges, type IdleRange, type TimedEvent } from './timing';

// The page of an exported replay. The server wrote the events into it, packed; its content policy
// allows this script alone and no request at all.

const step_ms = 10_000;
/** A moment of what comes after an idle stretch's end, so that the next action is seen to begin. */
const lead_in_ms = 500;

function find<Name extends HTMLElement>(id: string): Name {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The exported page has no #${id}`);
  return found as Name;
}

async function readEvents(): Promise<TimedEvent[]> {
  const packed = Uint8Array.from(atob(find('events').textContent?.trim() ?? ''), (char) => char.charCodeAt(0));
  const plain = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return (await new Response(plain).json()) as TimedEvent[];
}

function start(events: TimedEvent[]): void {
  const page = find('page');
  const stage = find('stage');
  const play = find<HTMLButtonElement>('play');
  const position = find<HTMLInputElement>('position');
  const time = find('time');
  const speed = find<HTMLSelectElement>('speed');
  const skip = find<HTMLInputElement>('skip');
  const replayer = new Replayer(events as never, {
    root: page,
    mouseTail: { strokeStyle: '#d92d20' },
    showWarning: false,
    UNSAFE_replayCanvas: false,
  });
  const total_ms = replayer.getMetaData().totalTime;
  const idle: IdleRange[] = idleRanges(events);
  let is_playing = false;
  let at_ms = 0;
  // The slider goes in steps; the end must be one of them.
  const step = Number(position.step) || 1;
  position.max = String(Math.ceil(total_ms / step) * step);

  const draw = (): void => {
    position.value = String(at_ms);
    const text = `${clockText(at_ms)} of ${clockText(total_ms)}`;
    if (time.textContent !== text) time.textContent = text;
    position.setAttribute('aria-valuetext', text);
    play.textContent = is_playing ? 'Pause' : 'Play';
  };
  const seek = (to_ms: number): void => {
    at_ms = Math.min(total_ms, Math.max(0, to_ms));
    if (is_playing) replayer.play(at_ms);
    // The Replayer leaves out what happens at the very moment.
    else replayer.pause(at_ms + 1);
    draw();
  };
  const toggle = (): void => {
    is_playing = !is_playing;
    seek(is_playing && at_ms >= total_ms ? 0 : at_ms);
  };
  const tick = (): void => {
    if (is_playing) {
      at_ms = Math.min(total_ms, replayer.getCurrentTime());
      const range = idle.find((one) => at_ms > one.from_ms && at_ms < one.to_ms - lead_in_ms);
      if (range && skip.checked) seek(range.to_ms - lead_in_ms);
      if (at_ms >= total_ms) is_playing = false;
      draw();
    }
    requestAnimationFrame(tick);
  };
  const fit = (): void => {
    const frame = page.querySelector('iframe');
    if (!frame) return;
    const scale = Math.min(1, stage.clientWidth / frame.offsetWidth, stage.clientHeight / frame.offsetHeight);
    const left = Math.max(0, (stage.clientWidth - frame.offsetWidth * scale) / 2);
    page.style.transform = `translate(${left}px, 0) scale(${scale})`;
  };

  play.addEventListener('click', toggle);
  position.addEventListener('input', () => seek(Number(position.value)));
  speed.addEventListener('change', () => replayer.setConfig({ speed: Number(speed.value) }));
  addEventListener('resize', fit);
  addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.altKey || event.metaKey) return;
    const is_slider = event.target === position;
    if (event.key === ' ' && !(event.target instanceof HTMLButtonElement)) toggle();
    else if (event.key === 'ArrowLeft' && !is_slider) seek(at_ms - step_ms);
    else if (event.key === 'ArrowRight' && !is_slider) seek(at_ms + step_ms);
    else return;
    event.preventDefault();
  });
  replayer.on('resize', fit);
  seek(0);
  fit();
  requestAnimationFrame(tick);
}

readEvents().then(start, (error: unknown) => {
  find('message').textContent = `This replay cannot be shown: ${error instanceof Error ? error.message : String(error)}`;
});
