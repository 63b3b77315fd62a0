import { api, asApiError } from '$lib/api/client';
import type { PersonSettings } from '$lib/api/types';
import { readSettings, shownZone } from './settings-text';

const key = 'reenact.settings';
const save_after_ms = 600;

/**
 * The settings of the person. A copy in this browser is there at once and before sign-in; the server
 * has the truth as soon as it answers, so that a person finds them on every machine.
 */
class Preferences {
  settings = $state<PersonSettings>(readSettings(stored()));
  /** Why the last change is only in this browser; empty when it is not. */
  save_problem = $state('');
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the server has not been told yet. It keeps what is not sent. */
  #unsaved: Partial<PersonSettings> = {};

  constructor() {
    // Else a change in the last moment would be undone by the next load.
    globalThis.addEventListener?.('pagehide', () => void this.save());
  }

  change(change: Partial<PersonSettings>): void {
    this.#take({ ...this.settings, ...change });
    this.#unsaved = { ...this.#unsaved, ...change };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), save_after_ms);
  }

  /** After sign-in. What was changed before it, on the sign-in page, wins. */
  async load(): Promise<void> {
    try {
      this.#take({ ...readSettings(await api.settings()), ...this.#unsaved });
      await this.save();
    } catch {
      // A server without settings, or none: what this browser remembers is good enough.
    }
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    const change = this.#unsaved;
    if (Object.keys(change).length === 0) return;
    this.#unsaved = {};
    try {
      await api.saveSettings(change);
      this.save_problem = '';
    } catch (error) {
      const problem = asApiError(error);
      // A server without this endpoint: the browser's copy is all there is.
      if (problem.status === 404) return;
      this.#unsaved = { ...change, ...this.#unsaved };
      // Nobody is signed in: it is sent after sign-in.
      this.save_problem = problem.status === 401 ? '' : problem.message;
    }
  }

  /** The zone in which times are shown. */
  zone(project_zone: string): string {
    return shownZone(this.settings.time_zone, project_zone);
  }

  #take(settings: PersonSettings): void {
    this.settings = settings;
    try {
      localStorage.setItem(key, JSON.stringify(settings));
    } catch {
      // Without storage the choice holds until the page is left.
    }
    const { dataset } = document.documentElement;
    if (settings.theme === 'system') delete dataset.theme;
    else dataset.theme = settings.theme;
    dataset.density = settings.density;
    dataset.motion = settings.motion;
  }
}

function stored(): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export const preferences = new Preferences();
