import { expect, test } from 'vitest';
import { exceptionTitle, framePlace, frameRuns, stackText } from './stack';
import type { Exception, Frame, LinkedError } from './types';

const frame = (name: string, is_in_app: boolean | null = true): Frame => ({
  function: name,
  module: null,
  file: 'cart.ts',
  absolute_path: null,
  line: 12,
  column: null,
  is_in_app,
  context_line: null,
});
const exception = (frames: Frame[]): Exception => ({ kind: 'TypeError', value: 'no fruit', module: null, mechanism: null, is_handled: false, frames });

test('the frame that threw comes first', () => {
  const error = { title: 'x', exceptions: [exception([frame('main'), frame('pay')])] } as LinkedError;
  expect(stackText(error)).toBe('TypeError: no fruit\n    at pay (cart.ts:12)\n    at main (cart.ts:12)');
  expect(stackText({ title: 'only a title', exceptions: [] as Exception[] } as LinkedError)).toBe('only a title');
});

test('calls of libraries are folded between those of the page', () => {
  const runs = frameRuns(exception([frame('main'), frame('react', false), frame('more', null), frame('pay')]));
  expect(runs.map(({ in_app, frames }) => [in_app, frames.map((one) => one.function)])).toEqual([
    [true, ['pay']],
    [false, ['more', 'react']],
    [true, ['main']],
  ]);
  // With nothing of the page in it, there is nothing to fold for.
  expect(frameRuns(exception([frame('a', false), frame('b', null)])).map((run) => run.in_app)).toEqual([true]);
});

test('half-known things have words', () => {
  const unknown = { ...frame('x'), file: null, line: null };
  expect(framePlace(unknown)).toBe('unknown file');
  expect(exceptionTitle({ ...exception([]), kind: null, value: null })).toBe('Error');
});
