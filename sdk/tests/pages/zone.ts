// zone.js, as under Angular: timers, observers and listeners are patched when the
// recorder starts, and what it does must not run anybody's change detection.
import 'zone.js';

declare const Zone: any;
let turns = 0;
const zone = Zone.current.fork({
  name: 'app',
  onHasTask: (delegate: any, _current: any, target: any, state: any) => {
    turns++;
    return delegate.hasTask(target, state);
  },
});

export const start = (stage: Element) => {
  zone.run(() => {
    stage.innerHTML = '<app-root><button>0</button><div></div></app-root>';
    stage.querySelector('button')!.addEventListener('click', (event) => {
      const button = event.target as Element;
      setTimeout(() => (button.textContent = String(Number(button.textContent) + 1)), 5);
    });
  });
};
export const turnsOfZone = () => turns;

const stage = () => document.querySelector('#stage')!;
export const steps = [
  () => void stage().querySelector('button')!.click(),
  () => zone.run(() => Promise.resolve().then(() => (stage().querySelector('div')!.innerHTML = '<p ng-reflect-x=1>view</p><!--container-->'))),
  () => zone.run(() => void stage().querySelector('div')!.replaceChildren(document.createComment('gone'))),
].map((step) => async () => {
  await step();
  await new Promise((done) => setTimeout(done, 30));
});
