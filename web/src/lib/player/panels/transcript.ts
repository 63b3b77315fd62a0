import type { Fact, Replay, TimeSpan } from '$lib/api/types';
import { durationText, offsetText } from '$lib/format/duration';
import { activityLines, textOf } from './activity';

export const transcript_kinds = [
  'page_view',
  'click',
  'touch',
  'input',
  'visibility',
  'custom',
  'frustration',
  'feedback',
  'error',
  'text',
] as const;

export interface TranscriptLine {
  at_ms: number;
  text: string;
  kind: 'page' | 'action' | 'problem' | 'screen';
}

/** The session as text that can be read from top to bottom, also without seeing the page. */
export function transcriptLines(facts: Fact[], idle: TimeSpan[]): TranscriptLine[] {
  const told = activityLines(
    facts.filter((fact) => fact.kind !== 'text'),
    idle,
  ).map(
    (line): TranscriptLine => ({
      at_ms: line.at_ms,
      text: `${textOf(line)}.`,
      kind: line.group === 'pages' ? 'page' : line.group === 'problems' ? 'problem' : 'action',
    }),
  );
  const seen = facts
    .filter((fact) => fact.kind === 'text')
    .map((fact): TranscriptLine => ({ at_ms: fact.at_ms, text: `The page shows “${fact.text}”.`, kind: 'screen' }));
  return [...told, ...seen].sort((a, b) => a.at_ms - b.at_ms);
}

/** Markdown for a ticket: who, where, and what happened when. */
export function asMarkdown(replay: Replay, lines: TranscriptLine[], first_ms: number, link: string): string {
  const who = replay.user_id ?? replay.device_id ?? 'Unknown visitor';
  const facts = [replay.browser, replay.os, replay.country].filter(Boolean).join(', ');
  const head = `**[Replay of ${who}](${link})**, ${durationText(replay.duration_ms)}${facts ? `, ${facts}` : ''}`;
  const steps = lines
    .filter((line) => line.kind !== 'screen')
    .map((line) => `- ${offsetText(line.at_ms - first_ms)} ${line.text.replace(/\s+/g, ' ')}`);
  return [head, '', ...steps].join('\n');
}

