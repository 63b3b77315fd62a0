import Bell from '@lucide/svelte/icons/bell';
import ListMusic from '@lucide/svelte/icons/list-music';
import UsersRound from '@lucide/svelte/icons/users-round';

/** What the side bar shows below the first pages, loaded after them. `key` goes after G. */
export const collection_pages = [
  { path: '/playlists', name: 'Playlists', key: 'p', icon: ListMusic },
  { path: '/cohorts', name: 'Cohorts', key: 'c', icon: UsersRound },
  { path: '/alerts', name: 'Alerts', key: 'a', icon: Bell },
] as const;
