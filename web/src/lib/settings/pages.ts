/** Pages of the settings; apart from the side bar's, for the list does not need them. */
export const setting_pages = [
  { path: '/settings', name: 'You', long: 'Your settings' },
  { path: '/settings/project', name: 'Project', long: 'Project settings' },
  { path: '/settings/events', name: 'Named events', long: 'Named events' },
  { path: '/settings/tokens', name: 'API tokens', long: 'API tokens' },
  { path: '/settings/ingest', name: 'Ingest', long: 'Ingest status' },
  { path: '/settings/deletions', name: 'Deletions', long: 'Deletions' },
] as const;
