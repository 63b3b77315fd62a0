export const match = (path: string): path is 'playlists' | 'cohorts' | 'alerts' => /^(playlists|cohorts|alerts)$/.test(path);
