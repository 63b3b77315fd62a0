import { remember, remembered } from './remembered';

export const themes = ['system', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

class ThemeChoice {
  chosen = $state<Theme>(remembered('theme', 'system', themes));

  /** The page's head reads the same value before the first paint. */
  choose(theme: Theme): void {
    this.chosen = theme;
    remember('theme', theme);
    if (theme === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }
}

export const theme = new ThemeChoice();
