import type { Replay } from '$lib/api/types';
import type { Sort } from './list-address';
import type { Kind } from '$lib/ui/KindShape.svelte';

export interface Column {
  id: ColumnId;
  name: string;
  /** In the table's head where space is short. */
  short?: string;
  kind?: Kind;
  width_px: number;
  /** Takes part in what space is left over. */
  grows?: boolean;
  number?: boolean;
  /** What the list can be sorted by. */
  sort?: Sort;
  /** What an older server does not know is not offered. */
  known: (replay: Replay) => boolean;
}

export const column_ids = [
  'started',
  'duration',
  'activity',
  'errors',
  'rage',
  'dead',
  'requests',
  'pages',
  'browser',
  'os',
  'device',
  'country',
  'events',
  'comments',
  'size',
  'sdk',
] as const;
export type ColumnId = (typeof column_ids)[number];

const always = () => true;

export const columns: readonly Column[] = [
  { id: 'started', sort: 'started', name: 'Started', width_px: 104, known: always },
  { id: 'duration', sort: 'duration', name: 'Duration', width_px: 96, number: true, known: always },
  { id: 'activity', sort: 'activity', name: 'Activity', width_px: 96, known: (replay) => replay.activity !== undefined },
  { id: 'errors', sort: 'errors', name: 'Errors', kind: 'error', width_px: 56, number: true, known: (replay) => replay.error_count !== undefined },
  { id: 'rage', sort: 'frustration', name: 'Rage clicks', short: 'Rage', kind: 'frustration', width_px: 56, number: true, known: (replay) => replay.rage_click_count !== undefined },
  { id: 'dead', name: 'Dead clicks', short: 'Dead', kind: 'dead', width_px: 56, number: true, known: (replay) => replay.dead_click_count !== undefined },
  { id: 'requests', name: 'Failed requests', short: 'Failed', kind: 'network', width_px: 64, number: true, known: (replay) => replay.failed_request_count !== undefined },
  { id: 'pages', name: 'First page → last page', width_px: 200, grows: true, known: always },
  { id: 'browser', name: 'Browser', width_px: 104, known: always },
  { id: 'os', name: 'System', width_px: 92, known: always },
  { id: 'device', name: 'Device', width_px: 76, known: always },
  { id: 'country', name: 'Country', width_px: 100, known: always },
  { id: 'events', name: 'Events', width_px: 68, number: true, known: always },
  { id: 'comments', name: 'Comments', kind: 'comment', short: 'Notes', width_px: 60, number: true, known: (replay) => replay.comment_count !== undefined },
  { id: 'size', name: 'Size', width_px: 72, number: true, known: always },
  { id: 'sdk', name: 'Recorder', width_px: 130, known: always },
];

export const default_columns: readonly ColumnId[] = [
  'started',
  'duration',
  'activity',
  'errors',
  'rage',
  'dead',
  'pages',
  'browser',
  'os',
  'country',
];

/** `started.errors` in an address; null when nothing in it is a column. */
export function readColumns(text: string | null): ColumnId[] | null {
  const named = new Set(text?.split('.') ?? []);
  const found = column_ids.filter((id) => named.has(id));
  return found.length > 0 ? found : null;
}

/** The columns to draw: chosen, in the order of the table, and known of at least one row. */
export function shownColumns(chosen: readonly ColumnId[], replays: readonly Replay[]): Column[] {
  return columns.filter((column) => chosen.includes(column.id) && isKnown(column, replays));
}

export function isKnown(column: Column, replays: readonly Replay[]): boolean {
  return replays.length === 0 || replays.some(column.known);
}

/** In this order columns give way when the list is narrow. */
const first_to_go: readonly ColumnId[] = ['country', 'os', 'browser', 'dead', 'device', 'events', 'size', 'sdk'];
const visitor_width_px = 200;

/** The least width in which these columns and the visitor can be read. */
export const tableWidth = (shown: readonly Column[]) =>
  shown.reduce((sum, column) => sum + column.width_px, visitor_width_px);

/** The columns that fit beside the visitor. */
export function fittingColumns(wanted: readonly Column[], width_px: number): Column[] {
  const fitting = [...wanted];
  for (const id of first_to_go) {
    if (tableWidth(fitting) <= width_px) break;
    const at = fitting.findIndex((column) => column.id === id);
    if (at >= 0) fitting.splice(at, 1);
  }
  return fitting;
}
