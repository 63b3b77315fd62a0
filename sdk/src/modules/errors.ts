// Errors nobody caught, and resources that did not load.

import type { Module } from '../options';

const MAX_STACK_CHARS = 8_000;

export function errorCapture(): Module {
  return (context) => {
    const stops = context.stops();
    const write = (kind: string, error: unknown, more: object = {}) => {
      const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
      context.custom('error', {
        kind,
        name,
        message,
        stack: error instanceof Error ? stack?.slice(0, MAX_STACK_CHARS) : undefined,
        handled: false,
        ...more,
      });
    };
    stops.listen(window, 'error', (event: ErrorEvent) => {
      const target = event.target as Element | Window | null;
      if (target !== window) {
        const element = target as HTMLImageElement & HTMLLinkElement;
        const url = context.url(element.src || element.href || '');
        context.custom('error', { kind: 'resource', tag: element.localName, url, id: context.idOf(element) });
        return;
      }
      const { filename, lineno, colno } = event;
      write('error', event.error ?? event.message, { filename, lineno, colno });
    });
    stops.listen(window, 'unhandledrejection', (event: PromiseRejectionEvent) => write('rejection', event.reason));
    return () => stops.stop();
  };
}

export default errorCapture;
