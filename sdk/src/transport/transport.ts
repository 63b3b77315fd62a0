// The main thread's side of the outbox: collects events, hands them over, and at the end
// of the page sends by beacon what the outbox has not confirmed.

import { EventType } from '../recorder/format';
import { guard, later, type Report } from '../recorder/page-access';
import { columnsOf } from './columns';
import { outbox, type FromOutbox, type OutboxConfig, type Recipient, type ToOutbox } from './outbox';

/** Handing over more often costs the page, less often loses more in a crash. */
const HAND_OVER_MS = 1_000;
const HAND_OVER_CHARS = 64_000;
/** The platform lets 64 KiB go at the end of a page, as columns. Packing more takes too long. */
const MOST_AT_END_CHARS = 600_000;
const WORKER_START_MS = 5_000;

export interface TransportOptions extends Omit<OutboxConfig, 'kind'> {
  /** Written into the events, so that those of several tabs are told apart. */
  tab: string;
  useWebWorker: boolean;
  workerUrl?: string;
  /** Hands over when the page is idle, at the latest after this long. Null: at once. */
  idleTimeout_ms: number | null;
  report: Report;
  onStop(reason: string): void;
}

/** An event as JSON. */
export interface TimedEvent {
  json: string;
  at: number;
}

interface Unconfirmed {
  to: Recipient;
  seq: number;
  text: string;
}

interface Link {
  post(message: ToOutbox): void;
  close(): void;
}

export class Transport {
  private link: Link | undefined;
  private buffer: string[] = [];
  private buffer_chars = 0;
  private bufferTo: Recipient | undefined;
  private seq = 0;
  /** Numbers of the chunks of one session, so that the server knows which it lacks. */
  private part = 1;
  private number = 0;
  private from_ms = 0;
  private until_ms = 0;
  private unconfirmed: Unconfirmed[] = [];
  private isTimerSet = false;
  private whenEmpty: (() => void)[] = [];

  constructor(private readonly options: TransportOptions) {
    this.connect();
  }

  private connect(): void {
    const { useWebWorker, workerUrl } = this.options;
    if (useWebWorker && typeof Worker !== 'undefined') {
      try {
        this.startWorker(workerUrl);
        return;
      } catch {
        // The page's policy forbids it.
      }
    }
    this.startHere();
  }

  private startWorker(workerUrl: string | undefined): void {
    const url = workerUrl ?? URL.createObjectURL(new Blob([`(${outbox})(self,${columnsOf})`], { type: 'text/javascript' }));
    const worker = new Worker(url);
    let isReady = false;
    const fallBack = () => {
      if (isReady || this.link !== link) return;
      worker.terminate();
      this.startHere();
    };
    const link: Link = { post: (message) => worker.postMessage(message), close: () => worker.terminate() };
    this.link = link;
    worker.onmessage = guard(this.options.report, ({ data }: MessageEvent<FromOutbox>) => {
      if (data.kind === 'ready') {
        isReady = true;
        if (!workerUrl) URL.revokeObjectURL(url);
      } else this.receive(data);
    });
    worker.onerror = (event) => {
      event.preventDefault();
      fallBack();
    };
    // A page that was busy so long finds the worker's answer after this timer.
    later(this.options.report, () => later(this.options.report, fallBack, 1_000), WORKER_START_MS);
    this.start(link);
  }

  private startHere(): void {
    const port: { postMessage(message: FromOutbox): void; onmessage: ((event: { data: ToOutbox }) => void) | null } = {
      postMessage: (message) => this.receive(message),
      onmessage: null,
    };
    outbox(port);
    this.link = { post: (data) => port.onmessage?.({ data }), close: () => {} };
    this.start(this.link);
    // What the worker did not take.
    for (const { to, seq, text } of this.unconfirmed) this.link.post({ kind: 'events', to, seq, text, isUrgent: true });
  }

  private start(link: Link): void {
    // What may not be able to go to a worker is left out.
    const { report, onStop, workerUrl, ...config } = this.options;
    link.post({ kind: 'start', ...config });
  }

  private receive(message: FromOutbox): void {
    switch (message.kind) {
      case 'done':
        this.unconfirmed = this.unconfirmed.filter(({ seq }) => !message.seqs.includes(seq));
        if (!this.unconfirmed.length) for (const done of this.whenEmpty.splice(0)) done();
        break;
      case 'stop':
        this.options.onStop(message.reason);
        break;
      case 'warn':
        this.options.report(message.message);
        break;
    }
  }

  send({ json, at }: TimedEvent, to: Recipient): void {
    const current = this.bufferTo;
    if (current && (current.session !== to.session || current.device !== to.device)) {
      this.handOver(false);
      this.part++;
      this.number = 0;
    }
    this.bufferTo = to;
    // Pointer positions and edits of sheets are older than their neighbours.
    this.from_ms = this.buffer.length ? Math.min(this.from_ms, at) : at;
    this.until_ms = this.buffer.length ? Math.max(this.until_ms, at) : at;
    this.buffer.push(json);
    this.buffer_chars += json.length;
    if (this.buffer_chars > HAND_OVER_CHARS) this.handOver(false);
    else this.handOverSoon();
  }

  private handOverSoon(): void {
    if (this.isTimerSet) return;
    this.isTimerSet = true;
    const handOver = guard(this.options.report, () => {
      this.isTimerSet = false;
      this.handOver(false);
    });
    const { idleTimeout_ms, report } = this.options;
    const whenDue = () => {
      if (idleTimeout_ms !== null && 'requestIdleCallback' in window) {
        requestIdleCallback(handOver, { timeout: idleTimeout_ms });
      } else handOver();
    };
    later(report, whenDue, HAND_OVER_MS);
  }

  handOver(isUrgent: boolean): void {
    const to = this.bufferTo;
    if (!this.buffer.length || !to) {
      // A large snapshot has gone over already, and waits for its batch.
      if (isUrgent && this.unconfirmed.length) this.link?.post({ kind: 'flush' });
      return;
    }
    const payload = { page: `${this.options.page}.${this.part}`, number: ++this.number, until: this.until_ms };
    const mark = { type: EventType.Custom, data: { tag: 'reenact-chunk', payload }, timestamp: this.from_ms };
    this.buffer.unshift(JSON.stringify({ ...mark, tab: this.options.tab }));
    const chunk = { to, seq: ++this.seq, text: this.buffer.join() };
    this.buffer = [];
    this.buffer_chars = 0;
    this.unconfirmed.push(chunk);
    this.link?.post({ kind: 'events', ...chunk, isUrgent });
  }

  /** Sends now. Resolves when the server has everything, or after the wait. */
  flush(wait_ms = 5_000): Promise<void> {
    this.handOver(true);
    if (!this.unconfirmed.length) return Promise.resolve();
    return new Promise((done) => {
      this.whenEmpty.push(done);
      later(this.options.report, done, wait_ms);
      this.link?.post({ kind: 'flush' });
    });
  }

  /** The page ends, maybe for ever. What goes twice the server stores once. */
  leave(): void {
    this.handOver(true);
    this.link?.post({ kind: 'flush' });
    const { url, key, library } = this.options;
    const to = this.bufferTo;
    // The newest are the least likely to be in the database, where the rest waits for the next page.
    let chunks = this.unconfirmed.filter((chunk) => chunk.to.session === to?.session && chunk.to.device === to.device);
    for (; to && chunks.length; chunks = chunks.slice((chunks.length + 1) >> 1)) {
      const text = chunks.map((chunk) => chunk.text).join();
      if (text.length > MOST_AT_END_CHARS) continue;
      const query = new URLSearchParams({
        device_id: to.device,
        session_id: to.session,
        library,
        api_key: key,
      });
      if (to.user) query.set('user_id', to.user);
      // Plain text needs no question to the server first.
      let body = `[${text}]`;
      try {
        body = columnsOf(JSON.parse(body));
      } catch {
        // Too deep.
      }
      // False where requests that are under way leave no room.
      if (navigator.sendBeacon(`${url}?${query}`, new Blob([body], { type: 'text/plain' }))) break;
    }
  }

  /** The visitor has withdrawn consent: nothing unsent is kept. */
  discard(): void {
    this.buffer = [];
    this.buffer_chars = 0;
    this.unconfirmed = [];
    this.link?.post({ kind: 'discard' });
  }

  close(): void {
    this.link?.close();
    this.link = undefined;
  }
}
