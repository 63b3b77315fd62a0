// Generated changes: whatever a page does, the recording shows the same, at every step.
// A failing case is made as short as it gets before it is shown.
import fc from 'fast-check';
import { expectSame, test } from './support/differential';
import type { Change } from './support/storm';
import type { Way } from './support/replay-page';

// More with SDK_STORMS=5000, others with SDK_SEED.
const CASES = Number(process.env.SDK_STORMS ?? 300);
const FIRST_SEED = Number(process.env.SDK_SEED ?? 1);
const CASES_PER_TEST = 50;
const MOST_ROUNDS = 4;
const MOST_CHANGES_PER_ROUND = 30;
const CASE_MS = 6_000;

const PAGE = `<head><meta charset=utf-8><style id=rules>.c1 { color: green }</style></head>
  <body><div id=stage><p>start <b>of</b> it</p><ul><li>1<li>2<li>3</ul></div></body>`;

test.describe.configure({ retries: 0 });

for (let first = 0; first < CASES; first += CASES_PER_TEST) {
  const numRuns = Math.min(CASES_PER_TEST, CASES - first);
  const seed = FIRST_SEED + first;
  test(`${numRuns} storms from seed ${seed}`, async ({ duel }) => {
    test.setTimeout(60_000 + 3 * numRuns * CASE_MS);
    await duel.open(`<!doctype html><html>${PAGE}</html>`, {}, false);
    const names = await duel.page.evaluate(() => window.createStorm().names);
    const change = fc.record({
      name: fc.constantFrom(...names),
      seed: fc.nat(),
      isFrameEnd: fc.oneof({ weight: 11, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    });
    const round = fc.array(change, { minLength: 1, maxLength: MOST_CHANGES_PER_ROUND });
    const rounds = fc.array(round, { minLength: 1, maxLength: MOST_ROUNDS });
    let referenceErrors = 0;
    const runs = async (rounds: Change[][], way: Way) => {
      await duel.page.evaluate((html) => window.harness.restart(html), PAGE);
      const marks: { time_ms: number; page: string[] }[] = [];
      for (const round of rounds) {
        await duel.page.evaluate((round) => window.storm.run(round), round);
        marks.push(await duel.page.evaluate(() => window.harness.mark()));
      }
      const { ours, reference } = await duel.playAt(marks.map(({ time_ms }) => time_ms), way);
      for (const [index, { page }] of marks.entries()) {
        expectSame(ours[index]!, page, `step ${index}: our recording and the page`);
      }
      // Where the reference shows the page, both show the same; where it does not, ours does.
      if (marks.some(({ page }, index) => page.join('\n') !== reference[index]!.join('\n'))) referenceErrors++;
    };
    const ways = fc.constantFrom<Way>('virtual', 'direct');
    await fc.assert(fc.asyncProperty(rounds, ways, runs), { numRuns, seed });
    test.info().annotations.push({ type: 'the reference differs from the page in', description: `${referenceErrors} of ${numRuns}` });
    console.log(`    the reference differs from the page in ${referenceErrors} of ${numRuns} cases`);
  });
}
