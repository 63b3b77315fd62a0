// Analytics events without code in the page: pages seen, elements clicked and changed,
// forms, downloads, clicks in anger. Names and properties are those of Amplitude's SDKs.
// The value of a field is never part of an event, and the words of an element only as
// far as the recording may show them.

import { later } from '../recorder/page-access';
import type { Module, ModuleContext } from '../options';

export interface AutocaptureOptions {
  pageViews?: boolean;
  elementInteractions?: boolean;
  formInteractions?: boolean;
  fileDownloads?: boolean;
  frustrationInteractions?: boolean;
  /** `session_start` and `session_end`. */
  sessions?: boolean;
  /** Where elements are captured: text the address contains, or a pattern. Default: everywhere. */
  pageUrlAllowlist?: (string | RegExp)[];
  /** Wins. */
  pageUrlExcludelist?: (string | RegExp)[];
  /** What counts as clickable. */
  cssSelectorAllowlist?: string[];
}

const CLICKABLE = 'a,button,input,select,textarea,label,video,audio,[contenteditable=true],[role=button],[role=link],[role=tab],[role=menuitem],[role=checkbox],.amp-default-track,[data-amp-default-track]';
const FILES = /\.(pdf|xlsx?|docx?|txt|rtf|csv|exe|key|pp(?:[st]|sx|tx)|7z|pkg|rar|gz|zip|avi|mov|mp4|mpe?g|wmv|midi?|mp3|wav|wma)$/i;
const TEXT_CHARS = 255;
const HREF_CHARS = 128;
const HIERARCHY_DEPTH = 10;
const ATTRIBUTES_MARK = 'data-amp-track-';
const RAGE_CLICKS = 4;
const RAGE_MS = 1_000;
const RAGE_PX = 50;
const ADDRESS_LOOK_MS = 500;
const SESSION = 'reenact_autocapture_session';

const named = (properties: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(properties)
      .filter(([, value]) => value !== undefined && value !== '' && value !== null)
      .map(([name, value]) => ['[Amplitude] ' + name, value]),
  );

export function autocapture(options: AutocaptureOptions = {}): Module {
  return (context) => {
    const stops = context.stops();
    const isOn = (part: keyof AutocaptureOptions) => options[part] !== false;
    const track = (name: string, properties: Record<string, unknown>) => {
      context.track('[Amplitude] ' + name, named({ ...pageOf(context), ...properties }));
    };
    if (isOn('sessions')) watchSessions(context, stops);
    if (isOn('pageViews')) countPages(context, stops, track);
    if (isOn('elementInteractions')) {
      const clicked = (event: Event, name: string, fitting: string) => {
        const element = (event.composedPath()[0] as Element).closest?.(fitting);
        if (element && isCaptured(options, location.href)) track(name, describe(element, context));
      };
      const clickable = options.cssSelectorAllowlist?.join() ?? CLICKABLE;
      stops.listen(document, 'click', (event: Event) => clicked(event, 'Element Clicked', clickable));
      stops.listen(document, 'change', (event: Event) => clicked(event, 'Element Changed', 'input,select,textarea'));
    }
    if (isOn('formInteractions')) watchForms(stops, track);
    if (isOn('fileDownloads')) watchDownloads(context, stops, track);
    if (isOn('frustrationInteractions')) watchRage(context, stops, track);
    return () => stops.stop();
  };
}

export default autocapture;

type Track = (name: string, properties: Record<string, unknown>) => void;
type Stops = ReturnType<ModuleContext['stops']>;

function pageOf(context: ModuleContext): Record<string, unknown> {
  const url = context.url(location.href);
  const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/[?#].*/, '');
  const title = context.text(document.querySelector('title'));
  return { 'Page URL': url.split('?')[0], 'Page Location': url, 'Page Path': path, 'Page Domain': location.hostname, 'Page Title': title };
}

function isCaptured({ pageUrlAllowlist, pageUrlExcludelist }: AutocaptureOptions, href: string): boolean {
  const fits = (list: (string | RegExp)[]) =>
    list.some((pattern) => (typeof pattern === 'string' ? href.includes(pattern) : pattern.test(href)));
  return !fits(pageUrlExcludelist ?? []) && (!pageUrlAllowlist || fits(pageUrlAllowlist));
}

function countPages(context: ModuleContext, stops: Stops, track: Track): void {
  let href = '';
  let counter = 0;
  let isStopped = false;
  const look = () => {
    if (isStopped) return;
    if (location.href !== href) {
      const previous = href || document.referrer;
      href = location.href;
      track('Page Viewed', { 'Page Counter': ++counter, 'Previous Page Location': previous && context.url(previous) });
    }
    // No patch of the page's history, and no address that changes without us.
    later(context.report, look, ADDRESS_LOOK_MS);
  };
  look();
  stops.listen(window, 'popstate hashchange', look);
  stops.add(() => (isStopped = true));
}

/**
 * The start of a session is told once, however many pages and tabs it has, and its end
 * when the next one starts: nobody knows before that it was the end.
 */
function watchSessions(context: ModuleContext, stops: Stops): void {
  const look = () => {
    const now_ms = Date.now();
    const { to, isAllowed } = context.target();
    if (!isAllowed || !to.session) return;
    const [known, last_ms] = (localStorage.getItem(SESSION) ?? '').split(' ');
    if (known && known !== to.session) {
      // It belongs to no replay that runs now.
      const fields = { session_id: Number(known) || -1, time: Number(last_ms), event_properties: {} };
      context.track('session_end', {}, fields);
    }
    if (known !== to.session) context.track('session_start', {});
    localStorage.setItem(SESSION, `${to.session} ${now_ms}`);
  };
  const guarded = () => {
    try {
      look();
    } catch {
      // Without storage a session cannot be told from the next.
    }
  };
  guarded();
  stops.listen(window, 'click keydown popstate pagehide', guarded);
}

function watchForms(stops: Stops, track: Track): void {
  const started = new WeakSet<HTMLFormElement>();
  const about = (form: HTMLFormElement) => ({
    'Form ID': form.getAttribute('id'),
    'Form Name': form.getAttribute('name'),
    'Form Destination': form.getAttribute('action')?.split('?')[0],
  });
  const start = (form: HTMLFormElement | null | undefined) => {
    if (!form || started.has(form)) return;
    started.add(form);
    track('Form Started', about(form));
  };
  stops.listen(document, 'change', (event: Event) => start((event.composedPath()[0] as HTMLInputElement).form));
  stops.listen(document, 'submit', (event: Event) => {
    const form = event.target as HTMLFormElement;
    start(form);
    track('Form Submitted', about(form));
    // The same form may be filled in again.
    started.delete(form);
  });
}

function watchDownloads(context: ModuleContext, stops: Stops, track: Track): void {
  stops.listen(document, 'click', (event: Event) => {
    const link = (event.composedPath()[0] as Element).closest?.<HTMLAnchorElement>('a[href]');
    const path = link && new URL(link.href, location.href).pathname;
    const extension = path && FILES.exec(path)?.[1];
    if (!extension) return;
    track('File Downloaded', {
      'File Extension': extension,
      'File Name': path,
      'Link ID': link.id,
      'Link Text': context.text(link)?.slice(0, TEXT_CHARS),
      'Link URL': context.url(link.href),
    });
  });
}

function watchRage(context: ModuleContext, stops: Stops, track: Track): void {
  let clicks: { X: number; Y: number; Time: number; target: Element }[] = [];
  let timer = 0;
  const end = () => {
    timer = 0;
    const burst = clicks;
    clicks = [];
    if (burst.length < RAGE_CLICKS) return;
    const [first, last] = [burst[0]!, burst[burst.length - 1]!];
    track('Rage Click', {
      ...describe(first.target, context),
      'Begin Time': new Date(first.Time).toISOString(),
      'End Time': new Date(last.Time).toISOString(),
      Duration: last.Time - first.Time,
      Clicks: burst.map(({ X, Y, Time }) => ({ X, Y, Time })),
      'Click Count': burst.length,
    });
  };
  stops.listen(document, 'click', (event: MouseEvent) => {
    const target = event.composedPath()[0] as Element;
    const click = { X: event.clientX, Y: event.clientY, Time: Date.now(), target };
    const latest = clicks[clicks.length - 1];
    const isNear = latest && Math.hypot(latest.X - click.X, latest.Y - click.Y) <= RAGE_PX;
    if (latest && !(isNear && click.Time - latest.Time <= RAGE_MS && latest.target === target)) end();
    if (clicks.length < 100) clicks.push(click);
    if (!timer) timer = later(context.report, end, 2 * RAGE_MS);
  });
}

function describe(element: Element, context: ModuleContext): Record<string, unknown> {
  const { left, top } = element.getBoundingClientRect();
  const isField = /^(input|textarea|select)$/.test(element.localName);
  const attributes = Array.from(element.attributes).filter(({ name }) => name.startsWith(ATTRIBUTES_MARK));
  const label = element.getAttribute('aria-label');
  const href = element.localName === 'a' ? (element as HTMLAnchorElement).href : '';
  return {
    'Element Tag': element.localName,
    'Element ID': element.id,
    'Element Class': element.getAttribute('class'),
    'Element Text': isField ? undefined : context.text(element)?.trim().slice(0, TEXT_CHARS),
    'Element Href': href && context.url(href).slice(0, HREF_CHARS),
    // Masked with the words of the element.
    'Element Aria Label': label && context.text(element) === element.textContent ? label : undefined,
    'Element Attributes': attributes.length
      ? Object.fromEntries(attributes.map(({ name, value }) => [name.slice(ATTRIBUTES_MARK.length), value]))
      : undefined,
    'Element Hierarchy': hierarchy(element),
    'Element Position Left': Math.round(left),
    'Element Position Top': Math.round(top),
    'Viewport Width': window.innerWidth,
    'Viewport Height': window.innerHeight,
  };
}

/** Innermost first. */
function hierarchy(element: Element): object[] {
  const steps: object[] = [];
  for (let current: Element | null = element; current && steps.length < HIERARCHY_DEPTH; current = current.parentElement) {
    const siblings = Array.from(current.parentElement?.children ?? []);
    const tag = current.localName;
    steps.push({
      tag,
      index: siblings.indexOf(current),
      indexOfType: siblings.filter(({ localName }) => localName === tag).indexOf(current),
      ...(current.id && { id: current.id }),
      ...(current.classList.length && { classes: Array.from(current.classList) }),
    });
  }
  return steps;
}
