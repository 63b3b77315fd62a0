// The core journeys in Firefox, driven over WebDriver BiDi, for Playwright's own Firefox
// is not the one that people have. What it records is played in Chromium.
import { existsSync } from 'node:fs';
import { launch, type Browser, type Page as FirefoxPage } from 'puppeteer-core';
import { bundle } from './support/bundle';
import { expectSame, test as base } from './support/differential';
import { Ingest } from './support/ingest';

const FIREFOX = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
const expect = base.expect;

const test = base.extend<{ firefox: FirefoxPage }, { browserOfFirefox: Browser; ingest: Ingest }>({
  browserOfFirefox: [
    async ({}, use) => {
      const browser = await launch({ browser: 'firefox', executablePath: FIREFOX, headless: true });
      await use(browser);
      await browser.close();
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  ingest: [
    async ({}, use) => {
      const ingest = new Ingest();
      await ingest.start();
      await use(ingest);
      await ingest.stop();
    },
    { scope: 'worker' },
  ],
  firefox: async ({ browserOfFirefox, ingest }, use) => {
    ingest.reset();
    const page = await browserOfFirefox.newPage();
    await use(page);
    await page.close();
  },
});

test.skip(!existsSync(FIREFOX), `there is no Firefox at ${FIREFOX}`);
test.setTimeout(120_000);

const BODY = `<style id=rules>.c1 { color: green }</style><style>#box { height: 80px; overflow: auto }</style>
  <main id=stage><p>marker-start</p><input id=field><input type=password value=marker-secret><select id=choice><option>a<option>b</select>
  <div id=box><div style="height: 900px">tall</div></div><div id=host></div><iframe id=frame srcdoc="<p>marker-frame</p>"></iframe></main>`;

/** Fonts and lengths differ between browsers, and the password is masked. */
const comparable = (lines: string[]) =>
  lines.filter((line) => !/^\s*computed /.test(line)).map((line) => line.replace('marker-secret', '*************'));

test('what Firefox records is what it shows', async ({ firefox, duel, ingest }) => {
  ingest.pages['/'] = `<!doctype html><html><head><meta charset=utf-8></head><body>${BODY}</body></html>`;
  await firefox.goto(ingest.url);
  await firefox.evaluate(await bundle('recorded-page.ts'));
  const steps: (() => unknown)[] = [
    () => window.harness.start({ defaultMaskLevel: 'light' }, false),
    () => {
      document.querySelector('#stage')!.insertAdjacentHTML('afterbegin', '<ul><li>one<li class=c1>two</ul>');
      document.querySelector('#host')!.attachShadow({ mode: 'open' }).innerHTML = '<b>marker-shadow</b>';
      document.querySelector<HTMLInputElement>('#field')!.value = 'by script';
      document.querySelector<HTMLSelectElement>('#choice')!.selectedIndex = 1;
    },
    () => {
      const sheet = document.querySelector<HTMLStyleElement>('#rules')!.sheet!;
      sheet.insertRule('li { padding-left: 9px }');
      const constructed = new CSSStyleSheet();
      constructed.replaceSync('p { color: blue }');
      document.adoptedStyleSheets = [constructed];
      document.querySelector('ul')!.append(document.querySelector('li')!);
      document.querySelector('#box')!.scrollTop = 200;
    },
    () => document.querySelector<HTMLIFrameElement>('#frame')!.contentDocument!.body.append('marker-in-frame'),
  ];
  const marks: { time_ms: number; page: string[] }[] = [];
  for (const step of steps) {
    await firefox.evaluate(step as () => void);
    await new Promise((done) => setTimeout(done, 200));
    marks.push(await firefox.evaluate(() => window.harness.mark()));
  }
  const { ours, errors } = await firefox.evaluate(() => window.harness.recordings);
  expect(errors).toEqual([]);
  expect(JSON.stringify(ours)).not.toContain('marker-secret');
  const shown = await duel.play(ours, marks.map(({ time_ms }) => time_ms));
  for (const [index, { page }] of marks.entries()) {
    expectSame(comparable(shown[index]!), comparable(page), `step ${index}`);
  }
  // Patches are gone after stop.
  const isNative = await firefox.evaluate(() => {
    window.harness.stop();
    const setter = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')!.set!;
    return [setter, CSSStyleSheet.prototype.insertRule].every((method) => String(method).includes('[native code]'));
  });
  expect(isNative).toBe(true);
});

test('a visit, a click, typing, a second page, leaving', async ({ firefox, ingest }) => {
  const page = (name: string) => `<!doctype html><script src=/dist/reenact.js></script><p>marker-${name}</p><button id=b>press</button><input id=i>`;
  ingest.pages['/'] = page('one');
  ingest.pages['/two'] = page('two');
  const start = () =>
    firefox.evaluate(async () => {
      const options = { serverUrl: location.origin, deviceId: 'd', sessionId: 's', sampleRate: 1, modules: ['console' as const] };
      await window.reenact.init('key-of-the-project', options).promise;
    });
  await firefox.goto(ingest.url);
  await start();
  await firefox.click('#b');
  await firefox.type('#i', 'marker-typed');
  await firefox.evaluate(() => console.warn('marker-console'));
  await firefox.goto(ingest.url + '/two');
  await start();
  await firefox.evaluate(() => document.body.append('marker-last'));
  await new Promise((done) => setTimeout(done, 300));
  await firefox.goto('about:blank');
  await expect.poll(() => ingest.has('marker-last'), { timeout: 20_000 }).toBe(true);
  for (const text of ['marker-one', 'marker-two', 'marker-console']) expect(ingest.has(text), text).toBe(true);
  expect(ingest.has('marker-typed')).toBe(false);
  const clicks = ingest.stored().filter(({ data }) => data.source === 2 && data.type === 2);
  expect(clicks.length).toBeGreaterThanOrEqual(1);
  expect(ingest.stored().some(({ data }) => data.source === 5 && data.text === '*'.repeat(12))).toBe(true);
  expect(new Set(ingest.stored().map(({ tab }) => tab)).size).toBe(1);
});
