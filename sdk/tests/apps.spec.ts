// Pages made with real libraries, recorded from before they draw and from after.
import { bundle } from './support/bundle';
import { expect, expectSame, test, type Duel } from './support/differential';

const PAGE = '<!doctype html><html><head><meta charset=utf-8></head><body><div id=stage></div></body></html>';

async function openApp(duel: Duel, entry: string, name: string, isStartedLate: boolean): Promise<number> {
  await duel.open(PAGE, {}, false);
  await duel.page.addScriptTag({ content: await bundle(entry) });
  const startApp = () => duel.page.evaluate((name) => window.apps[name]!.start(document.querySelector('#stage')!), name);
  const record = () => duel.page.evaluate(() => window.harness.start());
  if (isStartedLate) await startApp();
  if (isStartedLate) await duel.page.waitForTimeout(200);
  await record();
  if (!isStartedLate) await startApp();
  await duel.page.waitForTimeout(200);
  return duel.page.evaluate((name) => window.apps[name]!.steps.length, name);
}

async function playThrough(duel: Duel, name: string, count: number): Promise<void> {
  const marks = [await duel.page.evaluate(() => window.harness.mark())];
  for (let step = 0; step < count; step++) {
    await duel.page.evaluate(([name, step]) => window.apps[name as string]!.steps[step as number]!(), [name, step] as const);
    marks.push(await duel.page.evaluate(() => window.harness.mark()));
  }
  for (const way of ['virtual', 'direct'] as const) {
    const { ours, reference } = await duel.playAt(marks.map(({ time_ms }) => time_ms), way);
    for (const [index, { page }] of marks.entries()) {
      expectSame(ours[index]!, page, `${way}, step ${index}: our recording and the page`);
      if (page.join('\n') !== reference[index]!.join('\n')) console.log(`    ${name}, ${way}, step ${index}: the reference differs from the page`);
    }
  }
}

for (const name of ['react', 'vue', 'lit', 'codemirror', 'grid', 'chart']) {
  for (const isStartedLate of [false, true]) {
    test(`${name}, recorded from ${isStartedLate ? 'after' : 'before'} it draws`, async ({ duel }) => {
      await playThrough(duel, name, await openApp(duel, 'app-page.ts', name, isStartedLate));
    });
  }
}

test('zone.js: nothing is lost, and recording makes no turn of the zone', async ({ duel }) => {
  const count = await openApp(duel, 'zone-page.ts', 'zone', true);
  const turns = () => duel.page.evaluate(() => window.apps.zone!.turnsOfZone!());
  const before = await turns();
  // Work of the recorder alone.
  await duel.page.evaluate(() => document.body.append('outside of the zone'));
  await duel.page.mouse.move(50, 50);
  await duel.page.waitForTimeout(700);
  expect(await turns()).toBe(before);
  await playThrough(duel, 'zone', count);
});
