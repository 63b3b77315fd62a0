// Faults and what only looks like one, each by itself. The labelled set of signs of
// frustration is recorded here (`fixtures/frustration`).
import { byId, h } from './dom';
import { recordQuietly, startRecording } from './record';

const clock_ms = 1_000;
const ticker_error_ms = 3_000;

function onClick(id: string, run: () => void): void {
  byId(id).addEventListener('click', run);
}

const after = (delay_ms: number, run: () => void) => setTimeout(run, delay_ms);

const show = (id: string, text: string) => (byId(id).textContent = text);

function fetchQuietly(path: string): void {
  void fetch(path).catch(() => undefined);
}

function nothingHappens(): void {
  onClick('idle-log', () => console.info('report', { pages: 3 }));
  onClick('idle-data', () => (byId('idle-data').dataset.subscriber = String(Math.random())));
  onClick('idle-same', () => byId('same-result').replaceChildren('Not in stock'));
  onClick('idle-beacon', () => navigator.sendBeacon('/demo/api/order', '{}'));
  byId('idle-link').addEventListener('click', (event) => event.preventDefault());
}

/** What changes all the time is no answer to a click. */
function startClock(): void {
  let seconds = 0;
  setInterval(() => show('clock', String((seconds += 1))), clock_ms);
}

function somethingHappens(): void {
  let amount = 1;
  onClick('plus', () => show('amount', String((amount += 1))));
  onClick('minus', () => show('amount', String((amount -= 1))));
  let page = 1;
  onClick('next', () => show('page-number', `Page ${(page += 1)} of 40`));
  let slide = 0;
  onClick('slide', () => (byId('slides').style.textIndent = `${(slide -= 12)}px`));
  onClick('request', () => fetchQuietly('/demo/prices.csv'));
  onClick('focus', () => byId('search').focus());
  onClick('window', () => window.open('/demo/about.html'));
  onClick('down', () => byId('end').scrollIntoView());
  onClick('route', () => history.pushState(null, '', '/demo/overview'));
  onClick('upload', () => byId('upload-input').click());
  onClick('pay', () => byId('pay-result').replaceChildren('Something went wrong. Try again.'));
  onClick('dialog-open', () => (byId('dialog') as HTMLDialogElement).showModal());
}

function later(): void {
  const answer = (id: string, delay_ms: number, text: string) => onClick(id, () => after(delay_ms, () => show('later-result', text)));
  answer('after-3500', 3_500, 'Three shops nearby.');
  answer('after-5000', 5_000, 'Seven left.');
  answer('after-1500', 1_500, 'Sorted.');
  onClick('wait-then-result', () => {
    show('later-result', 'One moment…');
    after(4_000, () => show('later-result', 'Here on Thursday.'));
  });
  onClick('leave-after-4000', () => after(4_000, () => location.assign('/demo/about.html')));
}

function errors(): void {
  onClick('throws', () => {
    throw new TypeError('cannot compare one thing');
  });
  onClick('logs-error', () => {
    show('error-result', 'Translating…');
    after(500, () => console.error('no dictionary'));
  });
  onClick('rejects', () => {
    show('error-result', 'Converting…');
    after(1_000, () => void Promise.reject(new Error('no rate for today')));
  });
  onClick('throws-late', () => {
    show('error-result', 'Refreshing.');
    after(4_000, () => {
      throw new RangeError('nothing to refresh');
    });
  });
  onClick('warns', () => {
    show('error-result', 'Zoomed.');
    console.warn('zoom is approximate');
  });
  onClick('errors-all-the-time', () => {
    show('error-result', 'The ticker runs.');
    setInterval(() => console.error('ticker: no quotes'), ticker_error_ms);
  });
}

function waiting(): void {
  const place = byId('spin-place');
  onClick('spin-class', () => place.append(h('div', { class: 'spinner' })));
  onClick('spin-busy', () => place.append(h('div', { 'aria-busy': 'true' }, 'Questions')));
  onClick('spin-progress', () => place.append(h('progress')));
  onClick('spin-short', () => {
    const spinner = h('div', { class: 'spinner' });
    place.append(spinner);
    after(3_000, () => spinner.replaceWith('4.7 of 5'));
  });
  onClick('spin-hidden', () => place.append(h('div', { hidden: true }, h('div', { class: 'spinner' })), 'Offers come soon.'));
  onClick('spin-value', () => {
    const bar = h('progress', { max: 14, value: 0 });
    place.append(h('div', { class: 'uploading' }, bar));
    setInterval(() => (bar.value += 1), 1_000);
  });
  onClick('spin-foot', () => place.append(h('ul', {}, ...['Chair', 'Lamp', 'Vase', 'Bowl'].map((name) => h('li', {}, name)), h('li', { class: 'loading' }, 'More'))));
  onClick('spin-toggled', () => {
    place.className = 'is-loading';
    after(2_000, () => {
      place.className = '';
      show('spin-place', 'S, M, L');
    });
  });
}

function pictures(): void {
  const place = byId('image-place');
  onClick('image-missing', () => place.append(h('img', { src: '/demo/no-such-picture.png', alt: 'Chair', width: 80, height: 60 })));
  onClick('image-fallback', () => {
    const image = h('img', { src: '/demo/no-such-portrait.png', alt: 'Portrait', width: 80, height: 60 });
    image.addEventListener('error', () => (image.src = '/demo/favicon.svg'), { once: true });
    place.append(image);
  });
  onClick('image-pixel', () => place.append(h('img', { src: '/demo/no-such-pixel.gif', alt: '', width: 1, height: 1 }), 'Thank you.'));
  onClick('image-good', () => place.append(h('img', { src: '/demo/favicon.svg', alt: 'Logo', width: 80, height: 60, loading: 'lazy' })));
  onClick('request-missing', () => {
    place.append('No such voucher.');
    fetchQuietly('/demo/no-such-voucher.json');
  });
}

/** The page without anything in it, as while an app loads, or after it failed. */
function emptyFor(duration_ms: number): void {
  const all = [...document.body.childNodes];
  document.body.replaceChildren();
  after(duration_ms, () => document.body.replaceChildren(...all));
}

function toPlay(): void {
  const game = byId('game') as HTMLCanvasElement;
  const pen = game.getContext('2d');
  let x = 10;
  const draw = () => {
    pen?.clearRect(0, 0, game.width, game.height);
    pen?.fillRect(x, 60, 40, 40);
  };
  game.addEventListener('click', () => {
    x = (x + 130) % 360;
    draw();
  });
  draw();
  byId('chart').addEventListener('mousemove', (event) => show('chart-value', `Day ${Math.floor(event.offsetX / 20)}`));
  const knob = byId('knob');
  byId('slider').addEventListener('mousemove', (event) => {
    if (event.buttons === 1) knob.style.marginLeft = `${event.offsetX}px`;
  });
}

const asked = new URLSearchParams(location.search);
const blank_ms = Number(asked.get('blank_ms'));
if (asked.has('clock')) startClock();
nothingHappens();
somethingHappens();
later();
errors();
waiting();
pictures();
toPlay();
onClick('blank-7000', () => emptyFor(7_000));
onClick('blank-300', () => emptyFor(300));
if (blank_ms > 0) {
  emptyFor(blank_ms);
  void recordQuietly();
} else void startRecording();
