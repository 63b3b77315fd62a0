import { expect, test } from 'vitest';
import type { Replay } from '$lib/api/types';
import { integrityText, pageTrail, stateTag, visitorName } from './replay-facts';

const replay = (more: Partial<Replay>) => ({ playable: true, ...more }) as Replay;

test('a visitor is the user, then the device', () => {
  expect(visitorName(replay({ user_id: 'ada', device_id: 'd' }))).toBe('ada');
  expect(visitorName(replay({ user_id: null, device_id: 'd' }))).toBe('d');
  expect(visitorName(replay({ user_id: null, device_id: null }))).toBe('Unknown visitor');
});

test('one page is named once, the host of the second only when it differs', () => {
  const first_url = 'https://shop.example/';
  expect(pageTrail(replay({ first_url, last_url: first_url }))).toBe('shop.example/');
  expect(pageTrail(replay({ first_url, last_url: 'https://shop.example/cart' }))).toBe('shop.example/ → /cart');
});

test('the state that matters most is the one shown', () => {
  expect(stateTag(replay({}))).toBeNull();
  expect(stateTag(replay({ playable: false }))?.word).toBe('not playable');
  expect(stateTag(replay({ playable: false, state: 'expired' }))?.word).toBe('expired');
  expect(stateTag(replay({ integrity: ['lost_data'] }))?.why).toContain('never arrived');
});

test('a code from a newer server reads as words', () => {
  expect(integrityText('new_kind_of_fault')).toBe('new kind of fault');
});
