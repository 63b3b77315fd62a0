// What is loaded only when it is needed. The build leaves each of these a file of its own
// beside the one that loads it; bundlers do the same.

import type { Module } from './options';

export const MODULES = {
  autocapture: () => import('./modules/autocapture'),
  canvas: () => import('./modules/canvas'),
  console: () => import('./modules/console'),
  errors: () => import('./modules/errors'),
  fonts: () => import('./modules/fonts'),
  frames: () => import('./modules/frames'),
  interactions: () => import('./modules/interactions'),
  network: () => import('./modules/network'),
  vitals: () => import('./modules/vitals'),
};

export type ModuleName = keyof typeof MODULES;

/** A module by its name, with its options. */
export async function loadModule(name: ModuleName, options?: object): Promise<Module> {
  const file = await MODULES[name]();
  return (file.default as (options?: object) => Module)(options);
}
