import { expect, test } from 'vitest';
import { activityPath, activityText } from './activity-path';

test('one bar for each level above zero, none is invisible', () => {
  expect(activityPath([0, 9, 0, 1], 40, 16)).toBe('M10 16v-16h7v16zM30 16v-1.78h7v1.78z');
  expect(activityPath([0.1], 10, 10)).toContain('v-1.5');
  expect(activityPath([], 40, 16)).toBe('');
});

test('levels out of bounds stay inside the strip', () => {
  expect(activityPath([40, -3, NaN], 30, 9)).toBe('M0 9v-9h7v9z');
});

test('the text says how much and where', () => {
  expect(activityText([0, 0])).toBe('No activity');
  expect(activityText([0, 0, 0, 9])).toBe('Active 25 % of the time, most at the end');
  expect(activityText([9, 1, 1, 1])).toBe('Active 100 % of the time, most at the start');
});
