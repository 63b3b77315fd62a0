import type { User } from './types';

/** The best that is known; somebody without a name is still somebody. */
export function userName(user: Pick<User, 'id' | 'name' | 'email' | 'user_id'>): string {
  return user.name || user.user_id || user.email || `Anonymous ${user.id}`;
}

const kinds: Record<string, string> = {
  identified: 'Identified',
  alias: 'Another id',
  properties: 'Properties changed',
  group: 'Joined a group',
  merge_refused: 'Not merged with another known user',
};

export const historyText = (kind: string) => kinds[kind] ?? kind.replaceAll('_', ' ');

/** A value of a property on one line. */
export function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}
