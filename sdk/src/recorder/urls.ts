// Addresses in recorded attributes and style text are absolute: the player shows the
// page somewhere else.

const SCHEME = /^([a-z][a-z\d+.-]*:|\/\/)/i;
const CSS_URL = /url\(\s*(?:"([^"]*)"|'([^']*)'|([^)'"]*))\s*\)/g;
const CSS_IMPORT = /(@import\s+)(?:"([^"]*)"|'([^']*)')/g;

let knownBase = '';
let knownOrigin = '';

export function absoluteUrl(url: string, base: string): string {
  const trimmed = url.trim();
  if (!trimmed || SCHEME.test(trimmed)) return url;
  try {
    if (base !== knownBase) {
      knownOrigin = new URL(base).origin;
      knownBase = base;
    }
    // Most addresses of a page; parsing each would take a third of the snapshot.
    if (trimmed[0] === '/' && knownOrigin !== 'null') return knownOrigin + trimmed;
    return new URL(trimmed, base).href;
  } catch {
    return url;
  }
}

/** `image.png 1x, image@2x.png 2x` with each address made absolute. */
export function absoluteSrcset(srcset: string, base: string): string {
  return srcset
    .split(/,\s+/)
    .map((candidate) => {
      const [url = '', ...descriptors] = candidate.trim().split(/\s+/);
      return [absoluteUrl(url, base), ...descriptors].join(' ');
    })
    .join(', ');
}

export function absoluteCss(css: string, base: string): string {
  if (css.includes('@import')) {
    css = css.replace(CSS_IMPORT, (_all, start: string, double?: string, single?: string) => {
      return `${start}"${absoluteUrl(double ?? single ?? '', base)}"`;
    });
  }
  if (!css.includes('url(')) return css;
  return css.replace(CSS_URL, (all: string, double?: string, single?: string, bare?: string) => {
    const url = double ?? single ?? bare ?? '';
    if (url[0] === '#' || SCHEME.test(url)) return all;
    return `url("${absoluteUrl(url, base)}")`;
  });
}
