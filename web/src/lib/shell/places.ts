import Bell from '@lucide/svelte/icons/bell';
import House from '@lucide/svelte/icons/house';
import ListMusic from '@lucide/svelte/icons/list-music';
import ListVideo from '@lucide/svelte/icons/list-video';
import Settings from '@lucide/svelte/icons/settings';
import TriangleAlert from '@lucide/svelte/icons/triangle-alert';
import Users from '@lucide/svelte/icons/users';
import UsersRound from '@lucide/svelte/icons/users-round';
import type { Component } from 'svelte';

export interface Place {
  path: string;
  name: string;
  key: string;
  icon: Component<{ size: number; strokeWidth: number }>;
  /** There is no room for it at the bottom of a narrow window; "Go to" and the list's menu lead there. */
  wide_only?: boolean;
}

/** What people put together out of what they found. */
export const collection_pages = [
  { path: '/playlists', name: 'Playlists', key: 'p', icon: ListMusic, wide_only: true },
  { path: '/cohorts', name: 'Cohorts', key: 'c', icon: UsersRound, wide_only: true },
  { path: '/alerts', name: 'Alerts', key: 'a', icon: Bell, wide_only: true },
] as const;

/** The pages of the side bar. `key` goes after G. */
export const places = [
  { path: '/', name: 'Home', key: 'h', icon: House },
  { path: '/replays', name: 'Replays', key: 'r', icon: ListVideo },
  { path: '/users', name: 'Users', key: 'u', icon: Users },
  { path: '/issues', name: 'Issues', key: 'i', icon: TriangleAlert },
  ...collection_pages,
  { path: '/settings', name: 'Settings', key: 's', icon: Settings },
] as const;

/** The project of the address goes along from page to page; without one it is the first project. */
export function inProject(path: string, project: string | null): string {
  return project ? `${path}?${new URLSearchParams({ project })}` : path;
}

/** Whether a page of the side bar is the one shown, or above it. */
export function isAt(place: string, pathname: string): boolean {
  return place === '/' ? pathname === '/' : pathname === place || pathname.startsWith(`${place}/`);
}
