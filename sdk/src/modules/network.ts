// Requests of the page: what, how long, with what result. Bodies and headers only for
// addresses that the site names.

import type { Module, ModuleContext } from '../options';
import { hookMethod } from '../recorder/patches';

type UrlPattern = string | RegExp;

export interface NetworkOptions {
  /** Bodies and headers are kept for these addresses: text they contain, or a pattern. */
  detailUrls?: UrlPattern[];
  /** Not for these, whatever `detailUrls` says. */
  detailDenyUrls?: UrlPattern[];
  /** Further headers, besides Content-Type, Content-Length and Accept. */
  headers?: string[];
  /** Nothing at all is kept about these addresses. */
  ignoreUrls?: UrlPattern[];
  maxBodyChars?: number;
}

interface Request {
  name: string;
  method: string;
  initiatorType: 'fetch' | 'xmlhttprequest';
  startTime: number;
  endTime?: number;
  duration?: number;
  status?: number;
  error?: string;
  requestBodySize?: number;
  responseBodySize?: number;
  requestHeaders?: Record<string, string>;
  responseHeaders?: Record<string, string>;
  requestBody?: string;
  responseBody?: string;
}

const TEXT_TYPE = /json|text|xml|javascript|x-www-form-urlencoded/i;
const USUAL_HEADERS = ['content-type', 'content-length', 'accept'];
const SECRET_HEADERS = /^(authorization|cookie|set-cookie|proxy-authorization|x-api-key|x-csrf-token)$/i;

const matches = (url: string, patterns: UrlPattern[] = []): boolean =>
  patterns.some((pattern) => (typeof pattern === 'string' ? url.includes(pattern) : pattern.test(url)));

function sizeOf(body: unknown): number | undefined {
  if (typeof body === 'string') return new Blob([body]).size;
  if (body instanceof Blob) return body.size;
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return body.byteLength;
  if (body instanceof URLSearchParams) return String(body).length;
  return undefined;
}

class Collector {
  private readonly headers: Set<string>;

  constructor(
    private readonly context: ModuleContext,
    private readonly options: NetworkOptions,
  ) {
    const asked = (options.headers ?? []).map((name) => name.toLowerCase());
    this.headers = new Set([...USUAL_HEADERS, ...asked].filter((name) => !SECRET_HEADERS.test(name)));
  }

  /** Undefined for our own requests and those nobody wants to see. */
  begin(initiatorType: Request['initiatorType'], method: string, url: string): Request | undefined {
    const absolute = new URL(url, location.href).href;
    if (matches(absolute, this.context.ownUrls) || matches(absolute, this.options.ignoreUrls)) return undefined;
    return { name: absolute, method: method.toUpperCase(), initiatorType, startTime: performance.now() };
  }

  hasDetail(request: Request): boolean {
    return matches(request.name, this.options.detailUrls) && !matches(request.name, this.options.detailDenyUrls);
  }

  headersOf(headers: Iterable<[string, string]>): Record<string, string> {
    const kept: Record<string, string> = {};
    for (const [name, value] of headers) if (this.headers.has(name.toLowerCase())) kept[name.toLowerCase()] = value;
    return kept;
  }

  bodyOf(body: unknown): string | undefined {
    const text = typeof body === 'string' ? body : body instanceof URLSearchParams ? String(body) : undefined;
    if (text === undefined) return undefined;
    const { maxBodyChars = 150_000 } = this.options;
    return text.length > maxBodyChars ? text.slice(0, maxBodyChars) + '…' : text;
  }

  end(request: Request): void {
    request.endTime = performance.now();
    request.duration = request.endTime - request.startTime;
    request.name = this.context.url(request.name);
    this.context.plugin('rrweb/network@1', { requests: [request] });
  }
}

export function networkCapture(options: NetworkOptions = {}): Module {
  return (context) => {
    const stops = context.stops();
    const collector = new Collector(context, options);
    observeFetch(collector, context, stops);
    observeXhr(collector, stops);
    return () => stops.stop();
  };
}

function observeFetch(collector: Collector, context: ModuleContext, stops: ReturnType<ModuleContext['stops']>): void {
  hookMethod(stops, window, 'fetch', (_window, [input, init], answer: Promise<Response>) => {
    const asked = input instanceof Request ? input : null;
    const request = collector.begin('fetch', init?.method ?? asked?.method ?? 'GET', asked?.url ?? String(input));
    if (!request) return;
    request.requestBodySize = sizeOf(init?.body);
    const hasDetail = collector.hasDetail(request);
    if (hasDetail) {
      request.requestHeaders = collector.headersOf(new Headers(init?.headers ?? asked?.headers));
      request.requestBody = collector.bodyOf(init?.body);
    }
    answer.then(
      (response) => {
        request.status = response.status;
        const length = response.headers.get('content-length');
        if (length) request.responseBodySize = Number(length);
        if (!hasDetail) return collector.end(request);
        request.responseHeaders = collector.headersOf(response.headers);
        if (!TEXT_TYPE.test(response.headers.get('content-type') ?? '')) return collector.end(request);
        // Before the page reads it, or there is nothing left to copy.
        response
          .clone()
          .text()
          .then((text) => {
            request.responseBody = collector.bodyOf(text);
            request.responseBodySize ??= sizeOf(text);
            collector.end(request);
          })
          .catch(context.report);
      },
      (error: Error) => {
        request.error = `${error.name}: ${error.message}`;
        collector.end(request);
      },
    );
  });
}

function observeXhr(collector: Collector, stops: ReturnType<ModuleContext['stops']>): void {
  const opened = new WeakMap<XMLHttpRequest, { method: string; url: string; headers: [string, string][] }>();
  const api = XMLHttpRequest.prototype;
  hookMethod(stops, api, 'open', (xhr: XMLHttpRequest, [method, url]) => {
    opened.set(xhr, { method: String(method), url: String(url), headers: [] });
  });
  hookMethod(stops, api, 'setRequestHeader', (xhr: XMLHttpRequest, [name, value]) => {
    opened.get(xhr)?.headers.push([String(name), String(value)]);
  });
  hookMethod(stops, api, 'send', (xhr: XMLHttpRequest, [body]) => {
    const about = opened.get(xhr);
    const request = about && collector.begin('xmlhttprequest', about.method, about.url);
    if (!request) return;
    request.requestBodySize = sizeOf(body);
    const hasDetail = collector.hasDetail(request);
    if (hasDetail) {
      request.requestHeaders = collector.headersOf(about.headers);
      request.requestBody = collector.bodyOf(body);
    }
    stops.listen(xhr, 'loadend', () => {
      request.status = xhr.status;
      if (!xhr.status) request.error = 'no answer';
      if (xhr.responseType === '' || xhr.responseType === 'text') request.responseBodySize = sizeOf(xhr.responseText);
      if (hasDetail) {
        const lines = xhr.getAllResponseHeaders().trim().split(/\r?\n/);
        const headers = lines.map((line) => line.split(/:\s*(.*)/, 2) as [string, string]);
        request.responseHeaders = collector.headersOf(headers);
        if (xhr.responseType === '' || xhr.responseType === 'text') {
          request.responseBody = collector.bodyOf(xhr.responseText);
        }
      }
      collector.end(request);
    });
  });
}

export default networkCapture;
