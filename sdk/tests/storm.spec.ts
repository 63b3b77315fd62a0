import { test } from './support/differential';

// More with SDK_STORMS=1000.
const STORMS = Number(process.env.SDK_STORMS ?? 6);
const ROUNDS = 5;
const CHANGES_PER_ROUND = 40;
const FIRST_SEED = Number(process.env.SDK_SEED ?? 1);

const PAGE = `<!doctype html><html><head><meta charset=utf-8><style id=rules>.c1 { color: green }</style></head>
  <body><div id=stage><p>start <b>of</b> it</p><ul><li>1<li>2<li>3</ul></div></body></html>`;

for (let seed = FIRST_SEED; seed < FIRST_SEED + STORMS; seed++) {
  test(`storm ${seed}: ${ROUNDS} rounds of ${CHANGES_PER_ROUND} changes`, async ({ duel }) => {
    await duel.open(PAGE);
    await duel.page.evaluate((seed) => void (window.storm = window.createStorm(seed)), seed);
    for (let round = 0; round < ROUNDS; round++) {
      await duel.page.evaluate((changes) => window.storm(changes), CHANGES_PER_ROUND);
      await duel.check(round % 2 ? 'direct' : 'virtual', false);
    }
  });
}
