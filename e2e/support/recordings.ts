// Recordings written by hand, for what a real page would not do on command.
import type { RrwebEvent } from './server';

let lastId = 0;

export type RecordedNode = { id: number; type: number; [more: string]: unknown };

export function element(tagName: string, attributes: Record<string, unknown> = {}, childNodes: RecordedNode[] = [], more: object = {}): RecordedNode {
  return { id: (lastId += 1), type: 2, tagName, attributes, childNodes, ...more };
}

export function text(textContent: string): RecordedNode {
  return { id: (lastId += 1), type: 3, textContent };
}

export function page(at_ms: number, href: string, head: RecordedNode[], body: RecordedNode[]): RrwebEvent[] {
  const html = element('html', { lang: 'en' }, [element('head', {}, head), element('body', {}, body)]);
  const documentNode = { id: (lastId += 1), type: 0, childNodes: [{ id: (lastId += 1), type: 1, name: 'html', publicId: '', systemId: '' }, html] };
  return [
    { type: 4, timestamp: at_ms, data: { href, width: 800, height: 600 } },
    { type: 2, timestamp: at_ms + 1, data: { node: documentNode, initialOffset: { top: 0, left: 0 } } },
  ];
}

export function mutation(at_ms: number, change: { texts?: object[]; attributes?: object[]; removes?: object[]; adds?: object[] }): RrwebEvent {
  return { type: 3, timestamp: at_ms, data: { source: 0, texts: [], attributes: [], removes: [], adds: [], ...change } };
}

/** A page that says once a second how long it has been open. */
export function countingRecording(start_ms: number, seconds: number): RrwebEvent[] {
  const count = text('second 0');
  const button = element('button', {}, [text('Count')]);
  const events = page(start_ms, 'https://shop.example/count', [element('title', {}, [text('Counter')])], [element('p', { class: 'count' }, [count]), button]);
  for (let second = 1; second <= seconds; second += 1) {
    const at_ms = start_ms + second * 1000;
    // A click each second, so that no stretch counts as idle.
    events.push({ type: 3, timestamp: at_ms - 1, data: { source: 2, type: 2, id: button.id, x: 40, y: 60, pointerType: 0 } });
    events.push(mutation(at_ms, { texts: [{ id: count.id, value: `second ${second}` }] }));
  }
  return events;
}

/** Everything a recorded page could try against whoever watches it. */
export function hostileRecording(start_ms: number, foreign: string): RrwebEvent[] {
  const flag = "top.__pwned=1;parent.__pwned=1;window.__pwned=1";
  const body = element('div', { class: 'container' }, [
    element('p', { class: 'marker' }, [text('hostile page drawn')]),
    element('script', {}, [text(flag)]),
    element('script', { src: `${foreign}/script.js` }),
    element('img', { src: `${foreign}/image.png`, onerror: flag, srcset: `${foreign}/set.png 2x` }),
    element('img', { src: 'x', onerror: flag }),
    element('a', { href: `javascript:${flag}`, class: 'bad-link' }, [text('press me')]),
    element('a', { href: `${foreign}/left`, target: '_top' }, [text('leave')]),
    element('form', { action: `javascript:${flag}` }, [element('button', { formaction: `${foreign}/form` }, [text('send')])]),
    element('svg', {}, [element('script', {}, [text(flag)], { isSVG: true }), element('image', { href: `${foreign}/svg.png`, 'xlink:href': `${foreign}/xlink.png` }, [], { isSVG: true }), element('use', { href: `${foreign}/sprite.svg#a` }, [], { isSVG: true })], { isSVG: true, attributes: { onload: flag } }),
    element('iframe', { srcdoc: `<script>${flag}</script>` }),
    element('iframe', { src: `${foreign}/frame`, rr_src: `${foreign}/rr-frame` }),
    element('iframe', { src: `javascript:${flag}` }),
    element('object', { data: `${foreign}/object` }),
    element('embed', { src: `${foreign}/embed` }),
    element('video', { src: `${foreign}/video.mp4`, poster: `${foreign}/poster.png`, onerror: flag }),
    element('audio', { src: `${foreign}/audio.mp3` }),
    element('input', { type: 'image', src: `${foreign}/input.png`, autofocus: true, onfocus: flag }),
    element('details', { open: true, ontoggle: flag }, [text('details')]),
    element('p', { style: `background: url(${foreign}/inline.png)` }, [text('inline style')]),
    element('table', { background: `${foreign}/table.png` }),
  ]);
  const head = [
    element('title', {}, [text('Hostile')]),
    element('base', { href: `${foreign}/` }),
    element('meta', { 'http-equiv': 'refresh', content: `0;url=${foreign}/refresh` }),
    element('meta', { 'http-equiv': 'Content-Security-Policy', content: "default-src *; script-src * 'unsafe-inline'" }),
    element('link', { rel: 'stylesheet', href: `${foreign}/sheet.css` }),
    element('link', { rel: 'preload', as: 'script', href: `${foreign}/preload.js` }),
    element('link', { rel: 'prefetch', href: `${foreign}/prefetch` }),
    element('link', { rel: 'dns-prefetch', href: foreign }),
    element('style', { _cssText: `@import url(${foreign}/import.css); body { background: url("${foreign}/background.png"); } @font-face { font-family: f; src: url(${foreign}/font.woff2); } .marker { font-family: f; }` }),
    element('style', {}, [text(`@import "${foreign}/import2.css";`)]),
  ];
  const events = page(start_ms, `javascript:${flag}`, head, [body]);
  const add = (node: RecordedNode) => ({ parentId: body.id, nextId: null, node: { ...node, childNodes: [] } });
  const late = [
    element('script', { src: `${foreign}/late.js` }),
    element('img', { src: `${foreign}/late.png`, onerror: flag }),
    element('iframe', { srcdoc: `<script>${flag}</script>`, src: `${foreign}/late-frame` }),
    element('meta', { 'http-equiv': 'refresh', content: `0;url=${foreign}/late-refresh` }),
  ];
  events.push(mutation(start_ms + 500, { adds: late.map(add) }));
  events.push(mutation(start_ms + 700, { attributes: [{ id: body.id, attributes: { onclick: flag, onmouseover: flag, style: { 'background-image': `url(${foreign}/late-style.png)` } } }] }));
  events.push({ type: 3, timestamp: start_ms + 900, data: { source: 8, id: head[8]!.id, adds: [{ rule: `p { background: url(${foreign}/rule.png) }`, index: 0 }], removes: [] } });
  events.push({ type: 3, timestamp: start_ms + 1000, data: { source: 2, type: 2, id: body.id, x: 20, y: 20, pointerType: 0 } });
  events.push({ type: 3, timestamp: start_ms + 1200, data: { source: 15, id: 1, styleIds: [1], styles: [{ styleId: 1, rules: [{ rule: `@import url(${foreign}/adopted.css);`, index: 0 }, { rule: `a { background: url(${foreign}/adopted.png) }`, index: 1 }] }] } });
  events.push({ type: 5, timestamp: start_ms + 1500, data: { tag: `<img src=x onerror="${flag}">`, payload: { html: `<script>${flag}</script>` } } });
  events.push(mutation(start_ms + 2500, { adds: [add(element('p', { class: 'end' }))] }));
  return events;
}
