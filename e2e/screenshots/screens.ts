// Every page and state of the app, in both themes, wide and on a phone, from recordings of the repository on a
// real server.
//
//   SCREENS: only names that contain this.
import { test, type Browser, type Page } from '@playwright/test';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { mutation } from '../support/recordings';
import { recordedPage, signIn } from '../support/app';
import { Server, type Replay } from '../support/server';
import { uploadRecording } from '../bench/recordings';
import { identify, report } from '../support/reports';
import { storyRecording } from '../tests/player-story';

const UPNG = createRequire(import.meta.url)('upng-js') as { decode(bytes: Buffer): unknown; toRGBA8(image: any): ArrayBuffer[]; encode(frames: ArrayBuffer[], width: number, height: number, colours: number): ArrayBuffer };

const folder = join(import.meta.dirname, '../../docs/screenshots');
const widths = { wide: { width: 1440, height: 900 }, phone: { width: 400, height: 800 } };
/** Enough for flat surfaces and smoothed text, and a third of the size. */
const colours = 160;

interface Screen {
  name: string;
  /** Where to go, and what to do there. */
  path: (shop: Replays) => string;
  act?: (page: Page) => Promise<unknown>;
  signed_in?: boolean;
}

interface Replays {
  story: Replay;
  trading: Replay;
  kitchen: Replay;
  unplayable: Replay;
  gone: Replay;
  issue_id: string;
  user_id: string;
  playlist_id: string;
  cohort_id: string;
}

const player = (t: number, tab: string) => (replays: Replays) => `/replays/${replays.story.id}?t=${t}&tab=${tab}`;
const press = (...keys: string[]) => async (page: Page) => {
  for (const key of keys) await page.locator('body').press(key);
};

/** Peeks at the first replay of the list. */
const peek = async (page: Page) => {
  await press('j')(page);
  // A phone has no room for it.
  if (page.viewportSize()!.width > 800) await page.getByRole('complementary', { name: 'Peek' }).waitFor();
};

const saved = async (page: Page) => {
  await page.getByRole('button', { name: 'Saved searches' }).click();
  await page.getByRole('link', { name: 'Long visits' }).waitFor();
};

const askDelete = async (page: Page) => {
  await page.getByRole('button', { name: 'More', exact: true }).click();
  await page.getByRole('button', { name: 'Delete replay' }).click();
};

const scrollTo = (name: string) => async (page: Page) => {
  await page.getByRole('form', { name }).scrollIntoViewIfNeeded();
};

const activityShown = async (page: Page) => {
  // A phone has no room for it.
  if (page.viewportSize()!.width > 800) await page.getByRole('dialog').getByText('Opened').first().waitFor();
};

const suggest = async (page: Page) => {
  await page.getByRole('combobox', { name: 'Add a condition' }).fill('cli');
  await page.getByRole('option').first().waitFor();
};

const screens: Screen[] = [
  { name: 'login', path: () => '/login', signed_in: false },
  { name: 'home', path: () => '/' },
  { name: 'home-play', path: (replays) => `/?play=${replays.story.id}`, act: activityShown },
  { name: 'replays', path: () => '/replays?range=all' },
  { name: 'replays-peek', path: () => '/replays?range=all', act: peek },
  { name: 'replays-filter', path: () => `/replays?range=all&filter=${encodeURIComponent('duration > 1m and errors = 0')}`, act: suggest },
  { name: 'replays-facets', path: () => `/replays?range=all&filter=${encodeURIComponent('click.dead = true or duration > 70s')}`, act: press('o') },
  { name: 'replays-saved', path: () => '/replays?range=all', act: saved },
  { name: 'player-found', path: (replays) => `/replays/${replays.story.id}?tab=activity&filter=${encodeURIComponent('text = "cart"')}` },
  { name: 'replays-none', path: () => '/replays?from=2001-01-01&to=2001-01-02' },
  { name: 'player', path: (replays) => `/replays/${replays.trading.id}?t=30&tab=activity` },
  { name: 'player-activity', path: player(14.6, 'activity') },
  { name: 'player-console', path: player(14.6, 'console') },
  { name: 'player-network', path: player(12.5, 'network') },
  { name: 'player-errors', path: player(14.6, 'errors') },
  { name: 'player-performance', path: (replays) => `/replays/${replays.trading.id}?t=30&tab=performance` },
  { name: 'player-dom', path: player(14.6, 'dom') },
  { name: 'player-comments', path: player(14.6, 'comments') },
  { name: 'player-transcript', path: player(14.6, 'transcript') },
  { name: 'player-details', path: (replays) => `/replays/${replays.kitchen.id}?t=30&tab=details` },
  { name: 'player-share', path: player(14.6, 'activity'), act: press('s') },
  { name: 'player-delete', path: player(14.6, 'activity'), act: askDelete },
  { name: 'player-deleted', path: (replays) => `/replays/${replays.gone.id}` },
  { name: 'player-unplayable', path: (replays) => `/replays/${replays.unplayable.id}` },
  { name: 'player-not-found', path: () => '/replays/rp_0000000000000000000000' },
  { name: 'page-not-found', path: () => '/nowhere' },
  { name: 'issues', path: () => '/issues' },
  { name: 'issue', path: (replays) => `/issues/${replays.issue_id}` },
  { name: 'users', path: () => '/users' },
  { name: 'user', path: (replays) => `/users/${replays.user_id}` },
  { name: 'playlists', path: () => '/playlists' },
  { name: 'playlist', path: (replays) => `/playlists?playlist=${replays.playlist_id}` },
  { name: 'cohorts', path: () => '/cohorts' },
  { name: 'cohort', path: (replays) => `/cohorts?cohort=${replays.cohort_id}` },
  { name: 'cohort-new', path: () => '/cohorts?new=yes' },
  { name: 'alerts', path: () => '/alerts' },
  { name: 'alert-new', path: () => '/alerts?new=yes' },
  { name: 'palette', path: () => '/replays?range=all', act: press('Control+k') },
  { name: 'shortcuts', path: player(14.6, 'activity'), act: press('?') },
  { name: 'settings', path: () => '/settings' },
  { name: 'settings-project', path: () => '/settings/project' },
  { name: 'settings-retention', path: () => '/settings/project', act: scrollTo('How long it is kept') },
  { name: 'settings-deletions', path: () => '/settings/deletions' },
  { name: 'settings-ingest', path: () => '/settings/ingest' },
  { name: 'settings-tokens', path: () => '/settings/tokens' },
];

async function uploadAll(browser: Browser, server: Server): Promise<Replays> {
  const day_ms = 86_400_000;
  const now_ms = Date.now();
  const names = ['trading-u1', 'kitchen-u1', 'shop-u2', 'crm-u1', 'docs-u2', 'chat-u1', 'ide-u1', 'admin-u1', 'metrics-u2', 'shop-u1'];
  const replays: Replay[] = [];
  for (const [index, name] of names.entries()) replays.push(await uploadRecording(server, name, now_ms - 600_000 - index * 0.55 * day_ms));
  const story_ms = now_ms - 4_000_000;
  const story = await server.upload('visitor-8f3a', 'story', storyRecording(story_ms));
  const unplayable = await server.upload('visitor-no-page', 'none', [mutation(now_ms - 5_000_000, { texts: [{ id: 4, value: 'late' }] })]);
  for (const [number, type] of ['PaymentError', 'PaymentError', 'TypeError', 'PaymentError', 'RangeError'].entries()) await report(server, number, type, `visitor-${number % 3}`);
  await identify(server, 'visitor-8f3a');
  const issue_id = await first(server, '/api/v1/issues', 'issues');
  const user_id = await first(server, '/api/v1/users?query=visitor-8f3a', 'users');
  const [trading, kitchen] = replays as [Replay, Replay];
  const gone = replays.at(-1)!;
  const collected = await collect(browser, server, [story, trading, kitchen], gone);
  return { ...collected, story, issue_id, user_id, trading, kitchen, unplayable, gone };
}

/** What people put together, a saved search, a playlist, cohorts, an alert, and a replay that they deleted. */
async function collect(browser: Browser, server: Server, replays: Replay[], gone: Replay): Promise<{ playlist_id: string; cohort_id: string }> {
  const context = await browser.newContext();
  await signIn(context, server);
  const api = `${server.origin}/api/v1`;
  const { csrf_token } = (await (await context.request.get(`${api}/me`)).json()) as { csrf_token: string };
  const headers = { 'x-csrf-token': csrf_token };
  const make = async (path: string, data: unknown): Promise<{ id: number }> => {
    const answer = await context.request.post(`${api}/${path}`, { data, headers });
    if (!answer.ok()) throw new Error(`POST ${path} answered ${answer.status()}: ${await answer.text()}`);
    return (await answer.json()) as { id: number };
  };
  const search = await make('saved-searches', { name: 'Long visits', search: { filter: 'duration > 60s', range: '7d', sort: 'duration' } });
  await make('saved-searches', { name: 'Visits with errors', search: { filter: 'errors > 0', range: '7d' } });
  const playlist = await make('playlists', { name: 'Checkout that fails' });
  const notes = ['Pays twice, sees no answer', 'The chart is empty for a moment', ''];
  await make(`playlists/${playlist.id}/replays`, { replays: replays.map(({ id }, index) => ({ id, note: notes[index] })) });
  await make('playlists', { name: 'For the design review' });
  const ofFilter = (filter: string) => ({ kind: 'filter', filter, range: '30d' });
  const cohort = await make('cohorts', { name: 'Long visits', definition: ofFilter('duration > 20s') });
  await make('cohorts', { name: 'Nobody yet', definition: ofFilter('duration > 10h') });
  await make('alerts', { name: 'Many long visits', saved_search_id: search.id, threshold: { count: 3, minutes: 60 }, webhook: { url: 'https://hooks.example/reenact' } });
  await context.request.delete(`${api}/replays/${gone.id}`, { headers });
  await context.close();
  return { playlist_id: String(playlist.id), cohort_id: String(cohort.id) };
}

/** What was sent a moment ago is written with the next batch. */
async function first(server: Server, path: string, list: string): Promise<string> {
  for (;;) {
    const answer = await server.get<Record<string, { id: string | number }[]>>(path);
    const found = answer[list]?.[0];
    if (found) return String(found.id);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function take(browser: Browser, server: Server, replays: Replays, size: keyof typeof widths, colorScheme: 'light' | 'dark'): Promise<void> {
  const context = await browser.newContext({ viewport: widths[size], colorScheme, reducedMotion: 'reduce' });
  const wanted = screens.filter(({ name }) => name.includes(process.env.SCREENS ?? ''));
  for (const { name, path, act, signed_in = true } of wanted.toSorted((a, b) => Number(a.signed_in ?? true) - Number(b.signed_in ?? true))) {
    if (signed_in) await signIn(context, server);
    const page = await context.newPage();
    await page.goto(server.origin + path(replays));
    await settled(page);
    if (act) {
      await act(page);
      await settled(page);
    }
    writeFileSync(join(folder, `${name}-${size}-${colorScheme}.png`), smaller(await page.screenshot({ animations: 'disabled' })));
    await page.close();
  }
  await context.close();
}

async function settled(page: Page): Promise<void> {
  // Gone again where a replay turns out to have no page.
  if (await page.locator('iframe[title="Recorded page"]').count()) await recordedPage(page).locator('body').waitFor({ state: 'attached', timeout: 4_000 }).catch(() => {});
  // A stage that was taken away while it loaded keeps a page from ever being idle.
  await page.waitForLoadState('networkidle', { timeout: 4_000 }).catch(() => {});
  // Small pictures are drawn two at a time.
  await page.waitForTimeout((await page.locator('.thumbnail').count()) > 0 ? 2_500 : 400);
}

function smaller(png: Buffer): Buffer {
  const image = UPNG.decode(png) as { width: number; height: number };
  return Buffer.from(UPNG.encode(UPNG.toRGBA8(image), image.width, image.height, colours));
}

test('screenshots', async ({ browser }) => {
  mkdirSync(folder, { recursive: true });
  const server = await Server.start({ env: { REENACT__SEAL__IDLE_SECONDS: '1' } });
  try {
    const replays = await uploadAll(browser, server);
    for (const size of ['wide', 'phone'] as const) for (const scheme of ['light', 'dark'] as const) await take(browser, server, replays, size, scheme);
  } finally {
    await server.stop();
  }
});
