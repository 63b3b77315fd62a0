import type { Replay } from '$lib/api/types';

const started_ms = Date.parse('2026-11-20T09:41:00.000Z');

/** A replay with everything in the middle of its range. */
export function exampleReplay(id: string, more: Partial<Replay> = {}): Replay {
  return {
    id,
    project_id: 1,
    replay_id: `device/${id}`,
    device_id: `device-${id}`,
    session_id: String(started_ms),
    user_id: 'someone@example.com',
    status: 'complete',
    state: 'complete',
    started_at: new Date(started_ms).toISOString(),
    ended_at: new Date(started_ms + 1_100_000).toISOString(),
    duration_ms: 1_100_000,
    active_ms: 400_000,
    event_count: 4_210,
    interaction_count: 310,
    click_count: 48,
    page_count: 6,
    error_count: 0,
    console_error_count: 0,
    rage_click_count: 0,
    dead_click_count: 0,
    request_count: 90,
    failed_request_count: 0,
    tab_count: 1,
    comment_count: 0,
    size_bytes: 2_400_000,
    first_url: 'https://shop.example/',
    last_url: 'https://shop.example/checkout',
    country: 'AT',
    browser: 'Firefox 145',
    os: 'Linux',
    device_type: 'desktop',
    source: 'amplitude',
    sdk: 'amplitude-ts',
    sdk_version: '2.11.3',
    playable: true,
    received_at: new Date(started_ms + 1_101_000).toISOString(),
    activity: Array.from({ length: 48 }, (_, index) => Math.round(4.5 + 4.5 * Math.sin(index / 4))),
    seen: true,
    integrity: [],
    ...more,
  };
}

/** One of each state a row can have. */
export const example_replays: Replay[] = [
  exampleReplay('live', { status: 'live', state: 'live', seen: false }),
  exampleReplay('troubled', { error_count: 12_400, rage_click_count: 3, dead_click_count: 1, comment_count: 2 }),
  exampleReplay('anonymous', { user_id: null, seen: false }),
  exampleReplay('nobody', { user_id: null, device_id: null, country: null, browser: null, os: null }),
  exampleReplay('long', {
    user_id: 'a-very-long-name-that-does-not-fit-into-any-column-of-this-list@subdomain.example.com',
    last_url: `https://shop.example/search?q=${'wool+'.repeat(40)}`,
    duration_ms: 30_000_000,
  }),
  exampleReplay('processing', { state: 'processing' }),
  exampleReplay('partial', { integrity: ['lost_data', 'clock_jump'] }),
  exampleReplay('unplayable', { playable: false, activity: Array.from({ length: 48 }, () => 0) }),
  exampleReplay('expired', { state: 'expired' }),
  exampleReplay('deleted', { state: 'deleted' }),
];
