// Everything behind the main thread: keeping events until the server has them, and
// sending them. Runs in a worker, or on the main thread where no worker may run.
//
// The whole outbox is ONE function that uses nothing from outside itself: its text is
// the worker's program (`outbox.toString()`), so pages need no second file. In a worker
// it gets `encode`, which makes events short; a page's own thread has no time for that.

export interface OutboxConfig {
  kind: 'start';
  /** Where events go, without a query. */
  url: string;
  key: string;
  /** This page load, and the one before it in the same tab. */
  page: string;
  previousPage: string | null;
  library: string;
  /** Keeps events in IndexedDB until they are sent. */
  isPersistent: boolean;
  maxRetries: number;
  /** A batch is sent when it is this old or this long. */
  batch_ms: number;
  batch_chars: number;
}

export interface Recipient {
  device: string;
  session: string;
  user: string;
}

export type ToOutbox =
  | OutboxConfig
  /** `text` is events in JSON, joined by commas. `seq` counts the chunks of a page. */
  | { kind: 'events'; to: Recipient; seq: number; text: string; isUrgent: boolean }
  | { kind: 'flush' }
  /** Nothing may be sent or kept any more. */
  | { kind: 'discard' };

export type FromOutbox =
  | { kind: 'ready' }
  /** The server has, or has refused for good, these chunks. One message: each costs the page. */
  | { kind: 'done'; seqs: number[] }
  /** The server wants nothing more, or there is no room to wait for it. */
  | { kind: 'stop'; reason: string }
  | { kind: 'warn'; message: string };

export interface OutboxPort {
  postMessage(message: FromOutbox): void;
  onmessage: ((event: { data: ToOutbox }) => void) | null;
}

export function outbox(port: OutboxPort, encode?: (events: unknown[]) => string): void {
  interface Chunk {
    page: string;
    to: Recipient;
    seq: number;
    text: string;
    time_ms: number;
  }
  /** In memory. Sending does not wait for the database, which can take seconds to open. */
  interface WaitingChunk extends Chunk {
    id?: IDBValidKey;
    isDone?: boolean;
  }

  const KEPT_MS = 3 * 24 * 3_600_000;
  const FOREIGN_PAGE_MS = 30_000;
  const MOST_WAITING_CHARS = 32_000_000;
  const KEEPALIVE_BYTES = 60_000;
  const PAUSE_MS = 60_000;
  const TIMEOUT_MS = 30_000;

  let config: OutboxConfig;
  let database: IDBDatabase | null = null;
  let waiting: WaitingChunk[] = [];
  let waiting_chars = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isSending = false;
  let pausedUntil_ms = 0;
  let isDiscarded = false;
  let opened: Promise<void>;

  const warn = (message: unknown) => port.postMessage({ kind: 'warn', message: String(message) });

  const store = (): IDBObjectStore | undefined => {
    try {
      return database?.transaction('chunks', 'readwrite').objectStore('chunks');
    } catch (error) {
      warn(error);
      return undefined;
    }
  };

  const open = (): Promise<void> =>
    new Promise((done) => {
      if (!config.isPersistent || typeof indexedDB === 'undefined') return done();
      try {
        const request = indexedDB.open('reenact-' + config.key.slice(0, 10), 1);
        request.onupgradeneeded = () => request.result.createObjectStore('chunks', { autoIncrement: true });
        request.onsuccess = () => {
          database = request.result;
          // Another version of this script, in another tab, must not wait for us.
          database.onversionchange = () => database?.close();
          done();
        };
        request.onerror = request.onblocked = () => done();
      } catch {
        done();
      }
    });

  /** What earlier pages left behind. */
  const readLeftovers = (): Promise<void> =>
    new Promise((done) => {
      const chunks = store();
      if (!chunks) return done();
      const request = chunks.openCursor();
      request.onerror = () => done();
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor) return done();
        const chunk = cursor.value as Chunk;
        const age_ms = Date.now() - chunk.time_ms;
        const isOfThisTab = chunk.page === config.previousPage;
        if (age_ms > KEPT_MS || isDiscarded) cursor.delete();
        // A page that still runs sends its events itself.
        else if (chunk.page !== config.page && (isOfThisTab || age_ms > FOREIGN_PAGE_MS)) {
          add({ ...chunk, id: cursor.key });
        }
        cursor.continue();
      };
    });

  const add = (chunk: WaitingChunk): void => {
    waiting.push(chunk);
    waiting_chars += chunk.text.length;
  };

  const keep = async (chunk: WaitingChunk): Promise<void> => {
    await opened;
    if (chunk.isDone || isDiscarded) return;
    const request = store()?.add(chunk satisfies Chunk);
    if (!request) return;
    request.onsuccess = () => {
      chunk.id = request.result;
      // Sent while it was being written.
      if (chunk.isDone || isDiscarded) store()?.delete(chunk.id);
    };
  };

  const forget = (sent: WaitingChunk[]): void => {
    const chunks = store();
    for (const chunk of sent) {
      waiting_chars -= chunk.text.length;
      chunk.isDone = true;
      if (chunk.id !== undefined) chunks?.delete(chunk.id);
    }
    const ofThisPage = sent.filter((chunk) => chunk.page === config.page);
    if (ofThisPage.length) port.postMessage({ kind: 'done', seqs: ofThisPage.map(({ seq }) => seq) });
    waiting = waiting.filter((chunk) => !sent.includes(chunk));
  };

  const schedule = (wait_ms: number): void => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void send();
    }, wait_ms);
  };

  /** The oldest chunks that may go together. */
  const nextBatch = (): WaitingChunk[] => {
    const first = waiting[0]!;
    const batch: WaitingChunk[] = [];
    let length_chars = 0;
    for (const chunk of waiting) {
      const isSame =
        chunk.page === first.page && chunk.to.session === first.to.session && chunk.to.device === first.to.device;
      if (!isSame || (batch.length && length_chars + chunk.text.length > 4 * config.batch_chars)) break;
      batch.push(chunk);
      length_chars += chunk.text.length;
    }
    return batch;
  };

  const compress = async (text: string): Promise<Blob | null> => {
    if (typeof CompressionStream === 'undefined') return null;
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Response(stream).blob();
  };

  const post = async (batch: WaitingChunk[]): Promise<{ status: number; wait_ms: number }> => {
    const { to } = batch[0]!;
    const query = new URLSearchParams({
      device_id: to.device,
      session_id: to.session,
      library: config.library,
    });
    // Who it is may have become known on the way.
    const user = batch.map((chunk) => chunk.to.user).filter(Boolean).pop();
    if (user) query.set('user_id', user);
    let text = '[' + batch.map((chunk) => chunk.text).join() + ']';
    const headers: Record<string, string> = { Authorization: 'Bearer ' + config.key, 'Content-Type': 'application/json' };
    if (encode) {
      try {
        text = encode(JSON.parse(text));
        headers['Content-Type'] = 'text/plain';
      } catch {
        // Too deep.
      }
    }
    const compressed = await compress(text);
    if (compressed) headers['Content-Encoding'] = 'gzip';
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), TIMEOUT_MS);
    try {
      const response = await fetch(config.url + '?' + query, {
        method: 'POST',
        headers,
        body: compressed ?? text,
        keepalive: (compressed?.size ?? text.length * 3) < KEEPALIVE_BYTES,
        signal: abort.signal,
      });
      return { status: response.status, wait_ms: 1000 * Number(response.headers.get('Retry-After') ?? 0) || 0 };
    } catch {
      return { status: 0, wait_ms: 0 };
    } finally {
      clearTimeout(limit);
    }
  };

  /** Sends one batch until the server has it. False: stop for now. */
  const deliver = async (batch: WaitingChunk[]): Promise<boolean> => {
    for (let attempt = 0; !isDiscarded; attempt++) {
      const { status, wait_ms } = await post(batch);
      if (isDiscarded) return false;
      if (status >= 200 && status < 300) {
        forget(batch);
        return true;
      }
      if (status === 400 && encode) {
        // A server that does not know columns, or does not like these.
        encode = undefined;
        continue;
      }
      const isTemporary = status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
      if (status === 413 && batch.length > 1) {
        const middle = batch.length >> 1;
        return (await deliver(batch.slice(0, middle))) && deliver(batch.slice(middle));
      }
      if (!isTemporary) {
        warn(`the server refused events with status ${status}`);
        forget(batch);
        if (status === 401 || status === 402 || status === 403) {
          port.postMessage({ kind: 'stop', reason: `status ${status}` });
        }
        return true;
      }
      if (attempt >= config.maxRetries) {
        // Kept for later: the next try, or the next visit.
        pausedUntil_ms = Date.now() + PAUSE_MS;
        schedule(PAUSE_MS);
        return false;
      }
      const backoff_ms = Math.min(1000 * 2 ** attempt, 30_000) * (0.5 + Math.random());
      await new Promise((next) => setTimeout(next, wait_ms || backoff_ms));
    }
    return false;
  };

  const send = async (): Promise<void> => {
    if (isSending || Date.now() < pausedUntil_ms) return;
    isSending = true;
    try {
      while (waiting.length && !isDiscarded && (await deliver(nextBatch())));
    } catch (error) {
      warn(error);
    }
    isSending = false;
  };

  const accept = (chunk: WaitingChunk, isUrgent: boolean): void => {
    if (isDiscarded) return;
    add(chunk);
    keep(chunk).catch(warn);
    if (waiting_chars > MOST_WAITING_CHARS) port.postMessage({ kind: 'stop', reason: 'too much is waiting' });
    if (!isUrgent && waiting_chars < config.batch_chars) return schedule(config.batch_ms);
    void send();
  };

  const discard = (): void => {
    isDiscarded = true;
    waiting = [];
    waiting_chars = 0;
    void opened.then(() => store()?.clear());
  };

  const handle = (message: ToOutbox): void => {
    switch (message.kind) {
      case 'start':
        config = message;
        opened = open();
        void opened.then(readLeftovers).then(() => {
          if (waiting.length) schedule(0);
        });
        port.postMessage({ kind: 'ready' });
        break;
      case 'events':
        accept(
          { page: config.page, to: message.to, seq: message.seq, text: message.text, time_ms: Date.now() },
          message.isUrgent,
        );
        break;
      case 'flush':
        pausedUntil_ms = 0;
        void send();
        break;
      case 'discard':
        discard();
        break;
    }
  };

  port.onmessage = ({ data }) => handle(data);
}
