import { bytesText, plural } from '$lib/format/number';
import type { AuditEntry, Deletion, Matching } from './api';

const kind_names: Record<Deletion['kind'], string> = {
  replays: 'Replays',
  user: 'A user',
  project: 'A project',
  expiry: 'What has expired',
};

const counted: Record<string, [one: string, many: string]> = {
  replays: ['replay', 'replays'],
  events: ['event', 'events'],
  errors: ['error', 'errors'],
  issues: ['issue', 'issues'],
  spans: ['span', 'spans'],
  people: ['person', 'people'],
  files: ['file', 'files'],
  assets: ['archived file', 'archived files'],
  dictionaries: ['dictionary', 'dictionaries'],
};

export const kindName = (job: Deletion) => kind_names[job.kind] ?? job.kind;

/** `2 replays, 14 events`; what there was none of is left out. */
export function countsText(counts: Record<string, number>): string {
  const parts = Object.entries(counted).flatMap(([name, [one, many]]) =>
    counts[name] ? [plural(counts[name], one, many)] : [],
  );
  const erased_bytes = counts.hot_log_bytes;
  if (erased_bytes) parts.push(`${bytesText(erased_bytes)} of the log`);
  return parts.join(', ');
}

/** How far a job is, in words. */
export function progressText(job: Deletion): string {
  const { total, left } = job.replays;
  if (job.state === 'waiting') return 'Waiting';
  if (job.state === 'done') return 'Done';
  if (job.state === 'failed') return 'Failed';
  return total > 0 && left > 0 ? `${total - left} of ${plural(total, 'replay')}` : 'Erasing what is left';
}

/** What a search found and is left alone, a line each. */
export function keptTexts({ kept_pinned, kept_live }: Matching): string[] {
  return [
    ...(kept_pinned > 0 ? [`${plural(kept_pinned, 'replay')} pinned`] : []),
    ...(kept_live > 0 ? [`${plural(kept_live, 'replay')} still being recorded`] : []),
  ];
}

const actions: Record<string, string> = {
  delete_replays: 'Replays deleted',
  delete_user: 'A user deleted',
  delete_project: 'A project deleted',
  delete_expiry: 'Expired data deleted',
  pin_replay: 'A replay pinned',
  unpin_replay: 'A pin taken away',
  change_retention: 'Retention changed',
  apply_retention: 'Retention applied to what is kept',
  add_named_event: 'A name given to events',
  change_named_event: 'A named event changed',
  delete_named_event: 'A named event deleted',
};

export const actionText = (entry: AuditEntry) => actions[entry.action] ?? entry.action;

export function detailText({ detail }: AuditEntry): string {
  const parts: string[] = [];
  if (typeof detail.name === 'string') parts.push(`“${detail.name}”`);
  if (typeof detail.retention_days === 'number') parts.push(plural(detail.retention_days, 'day'));
  if (typeof detail.replays === 'number') parts.push(`${plural(detail.replays, 'replay')} changed`);
  if (detail.state === 'failed') parts.push('failed');
  if (detail.counts && typeof detail.counts === 'object') parts.push(countsText(detail.counts as Record<string, number>));
  if (typeof detail.replay === 'string') parts.push(detail.replay);
  return parts.filter(Boolean).join(' · ');
}
