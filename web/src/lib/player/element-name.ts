interface Named {
  label?: string | null;
  text?: string | null;
  role?: string | null;
  tag?: string | null;
  selector?: string | null;
}

/** What people call these; any other tag is called by its own name. */
const word_of_tag: Record<string, string> = {
  a: 'link',
  img: 'picture',
  svg: 'icon',
  path: 'icon',
  input: 'field',
  textarea: 'text field',
  select: 'list',
  option: 'choice',
  li: 'list item',
  td: 'cell',
  th: 'column head',
  tr: 'row',
  p: 'paragraph',
  html: 'page',
  body: 'page',
};
const word_of_type: Record<string, string> = { text: 'field', search: 'search field', range: 'slider', submit: 'button', file: 'file field' };
/** Made by build tools; they say nothing to a reader. */
const generated_name = /^(css-|sc-|jss|_|ng-)|[0-9]{3}|__/;
const longest_text = 60;

/**
 * An element in a few words: what it says, else what it is and what its makers call it. A whole
 * selector is for machines.
 */
export function elementName({ label, text, role, tag, selector }: Named): string | null {
  const said = label || text;
  if (said) return shortened(said);
  const step = lastStep(selector ?? '');
  const type = /\[type="?([\w-]+)/.exec(step)?.[1];
  const step_tag = /^[a-z][\w-]*/i.exec(step)?.[0];
  const element = (tag || step_tag || '').toLowerCase();
  const generic = !role || role === 'generic' || role === 'presentation' || role === 'none';
  const kind = type ? (word_of_type[type] ?? type) : generic ? (word_of_tag[element] ?? element) : role;
  const name = [/\[(?:name|aria-label|data-testid|title)="([^"]+)"/, /#([\w-]+)/, /\.([\w-]+)/]
    .map((pattern) => pattern.exec(step)?.[1])
    .find((found) => found && !generated_name.test(found));
  const words = [kind, name && shortened(name)].filter(Boolean).join(' ');
  return words || (selector ? shortened(step) : null);
}

/** Markers come with their text only, which is a selector when nothing better was known. */
export function markerText(label: string): string {
  return label.includes(' > ') ? (elementName({ selector: label }) ?? label) : label;
}

/** Spaces and brackets inside of quotes do not end a step. */
function lastStep(selector: string): string {
  return selector.split(' > ').at(-1)?.trim() ?? '';
}

function shortened(text: string): string {
  return text.length > longest_text ? `${text.slice(0, longest_text - 1)}…` : text;
}
