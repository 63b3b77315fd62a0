// Why something of a recording is not there, in words, and what can be done about it.

interface Reason {
  title: string;
  advice: string;
}

const gap_reasons: Record<string, Reason> = {
  no_full_snapshot: {
    title: 'No full picture of the page',
    advice: 'Recorders send one when a page starts. This one never arrived, so the changes after it have nothing to be drawn on. Allow uploads of at least 10 MB in every proxy on the way.',
  },
  lost_data: {
    title: 'Data was lost on the way',
    advice: 'The browser closed or lost its connection before it had sent this part.',
  },
  damaged_block: {
    title: 'Stored data is damaged',
    advice: 'This part cannot be read from the storage any more. Check the disk, or restore it from a backup.',
  },
  not_recorded: {
    title: 'Not recorded',
    advice: 'Recording was paused, or the page is excluded by a rule.',
  },
  page_hidden: {
    title: 'Page in the background',
    advice: 'The visitor was in another tab or program. Nothing is missing.',
  },
  clock_jump: {
    title: 'The clock of the device jumped',
    advice: 'Times after this point were corrected as well as possible.',
  },
  unsupported_content: {
    title: 'Content that cannot be replayed',
    advice: 'Canvas drawings, WebGL and frames of other sites are not part of this recording.',
  },
  expired: { title: 'Expired', advice: 'The retention period of the project is over.' },
  out_of_order: { title: 'Parts arrived out of order', advice: 'They were put in order; nothing is missing.' },
};

const asset_reasons: Record<string, string> = {
  too_large: 'is larger than the archive allows',
  blocked_address: 'is on an address this server must not ask',
  not_found: 'did not exist any more',
  http_404: 'did not exist any more',
  timeout: 'took too long to answer',
  disabled: 'was not archived: the archive is off',
  wrong_type: 'is not a style sheet, font or image',
};

export function gapReason(code: string): Reason {
  return gap_reasons[code] ?? { title: inWords(code), advice: '' };
}

export function assetReason(code: string): string {
  return asset_reasons[code] ?? `could not be archived (${inWords(code).toLowerCase()})`;
}

export function inWords(code: string): string {
  const words = code.replace(/[_-]+/g, ' ').trim();
  return words ? words.charAt(0).toUpperCase() + words.slice(1) : 'Unknown';
}
