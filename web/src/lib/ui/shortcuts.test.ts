import { expect, test } from 'vitest';
import { keyName } from './shortcuts';

const press = (key: string, more: { altKey?: boolean; shiftKey?: boolean } = {}) =>
  keyName({ key, altKey: false, shiftKey: false, ...more });

test('letters are the same with and without shift or caps lock', () => {
  expect(press('j')).toBe('j');
  expect(press('J', { shiftKey: true })).toBe('j');
  expect(press('?', { shiftKey: true })).toBe('?');
});

test('named keys carry their modifiers', () => {
  expect(press('ArrowLeft')).toBe('ArrowLeft');
  expect(press('ArrowLeft', { shiftKey: true })).toBe('Shift+ArrowLeft');
  expect(press('ArrowLeft', { altKey: true })).toBe('Alt+ArrowLeft');
});
