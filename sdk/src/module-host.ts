// Starts the optional modules and gives them what they may use.

import { loadModule, type ModuleName } from './on-demand';
import type { Module, ModuleContext, Options } from './options';
import { guard, type Report } from './recorder/page-access';
import type { RemoteConfig } from './remote-config';

/** A module of its own, the name of one of ours, or the name with options. */
export type ModuleChoice = Module | ModuleName | [name: ModuleName, options: object];

export class ModuleHost {
  private stops: (() => void)[] = [];
  private isRunning = false;

  constructor(
    private readonly context: ModuleContext,
    private readonly report: Report,
  ) {}

  start(choices: ModuleChoice[]): void {
    if (this.isRunning) return;
    this.isRunning = true;
    for (const choice of choices) {
      if (typeof choice === 'function') {
        this.add(choice);
        continue;
      }
      const [name, options] = typeof choice === 'string' ? [choice, undefined] : choice;
      const round = this.stops;
      loadModule(name, options).then((module) => {
        if (round === this.stops) this.add(module);
      }, this.report);
    }
  }

  private add(module: Module): void {
    guard(this.report, () => void this.stops.push(module(this.context)))();
  }

  stop(): void {
    for (const stop of this.stops) guard(this.report, stop)();
    // Modules that are still on their way see that their list is gone.
    this.stops = [];
    this.isRunning = false;
  }
}

/** What the page asks for, and what the project does. */
export function recordingModules(options: Options, remote: RemoteConfig | null): ModuleChoice[] {
  const chosen = [...(options.modules ?? [])];
  const frames = options.crossOriginIframes;
  if (frames?.enabled && frames.coordinateChildren) chosen.push(['frames', { origins: frames.origins }]);
  const names = chosen.map((choice) => (Array.isArray(choice) ? choice[0] : choice));
  if (remote?.console && !names.includes('console')) chosen.push(['console', remote.console]);
  if (remote?.network && !names.includes('network')) chosen.push('network');
  return chosen;
}

/** Events and heatmaps come from visitors who are not recorded as well. */
export function independentModules(options: Options, remote: RemoteConfig | null): ModuleChoice[] {
  const { autocapture, interactionConfig } = options;
  const chosen: ModuleChoice[] = [];
  if (autocapture) chosen.push(['autocapture', autocapture === true ? {} : autocapture]);
  if (interactionConfig?.enabled && !remote?.isInteractionOff) chosen.push(['interactions', interactionConfig]);
  return chosen;
}
