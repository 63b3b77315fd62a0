// Pages made with real libraries. Each starts on `#stage` and changes step by step.
import * as chart from '../pages/chart';
import * as codemirror from '../pages/codemirror';
import * as grid from '../pages/grid';
import * as lit from '../pages/lit';
import * as react from '../pages/react';
import * as vue from '../pages/vue';

const apps = { chart, codemirror, grid, lit, react, vue };

declare global {
  interface Window {
    apps: Record<string, { start(stage: Element): void; steps: (() => unknown)[]; turnsOfZone?(): number }>;
  }
}
window.apps = apps;
