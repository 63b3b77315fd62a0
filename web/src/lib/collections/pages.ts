/** Beside the pages of the side bar; the palette and the list's menu lead to them. */
export const collection_pages = [
  { path: '/playlists', name: 'Playlists' },
  { path: '/cohorts', name: 'Cohorts' },
  { path: '/alerts', name: 'Alerts' },
] as const;
