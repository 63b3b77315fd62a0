// What API tokens may do, in words.
import type { Scope } from '$lib/api/types';

export const scopes: { scope: Scope; meaning: string }[] = [
  { scope: 'read', meaning: 'Read and export everything in this project' },
  { scope: 'write', meaning: 'Comment, rate and mark as seen, in your name' },
  { scope: 'import', meaning: 'Upload source maps' },
  { scope: 'delete', meaning: 'Delete recorded data for good' },
  { scope: 'admin', meaning: 'Change the project and what it records' },
];

/** Until a token expires; null is never. */
export const lifetimes: { days: number | null; label: string }[] = [
  { days: 30, label: '30 days' },
  { days: 90, label: '90 days' },
  { days: 365, label: 'A year' },
  { days: null, label: 'Does not expire' },
];
