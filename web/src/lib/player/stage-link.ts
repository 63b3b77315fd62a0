import type { FromStage, NodeBox, NodeSummary, PickedElement, ToStage } from './stage-protocol';

type Question = Extract<ToStage, { request: number }>;
type WithoutNumber<T> = T extends unknown ? Omit<T, 'request'> : never;

/** How long an answer is waited for; a stage that was replaced gives none. */
const answer_limit_ms = 5_000;

/** The player's end of the line to one stage frame. */
export class StageLink {
  #send: ((message: ToStage, transfer: Transferable[]) => void) | null = null;
  #ready = false;
  #request = 0;
  readonly #waiting = new Map<number, (message: FromStage) => void>();

  constructor(readonly hear: (message: FromStage) => void) {}

  get ready(): boolean {
    return this.#ready;
  }

  /** Called with the frame's window as soon as it exists. Returns the way to let go. */
  connect(stage: Window): () => void {
    this.#send = (message, transfer) => stage.postMessage(message, location.origin, transfer);
    const listen = (event: MessageEvent<FromStage>) => {
      if (event.source === stage && event.origin === location.origin) this.#hear(event.data);
    };
    addEventListener('message', listen);
    return () => {
      removeEventListener('message', listen);
      this.#letGo();
    };
  }

  /** A stage in this very document, which is handed its messages. `say` is for its answers. */
  attach(take: (message: ToStage) => void): { say: (message: FromStage) => void; detach: () => void } {
    const send = (message: ToStage) => take(message);
    this.#send = send;
    return {
      say: (message) => {
        if (this.#send === send) this.#hear(message);
      },
      detach: () => this.#letGo(),
    };
  }

  #letGo(): void {
    this.#send = null;
    this.#ready = false;
  }

  #hear(message: FromStage): void {
    if (message.kind === 'ready') this.#ready = true;
    if ('request' in message) {
      this.#waiting.get(message.request)?.(message);
      this.#waiting.delete(message.request);
    } else this.hear(message);
  }

  post(message: ToStage, transfer: Transferable[] = []): void {
    if (this.#ready) this.#send?.(message, transfer);
  }

  async nodes(node_id: number | null): Promise<NodeSummary[]> {
    const answer = await this.#ask({ kind: 'inspect', node_id });
    return answer?.kind === 'nodes' ? answer.nodes : [];
  }

  async pick(x: number, y: number): Promise<number[]> {
    const answer = await this.#ask({ kind: 'pick', x, y });
    return answer?.kind === 'path' ? answer.path : [];
  }

  async box(node_id: number): Promise<NodeBox | null> {
    const answer = await this.#ask({ kind: 'measure', node_id });
    return answer?.kind === 'box' ? answer.box : null;
  }

  async describe(node_id: number): Promise<PickedElement | null> {
    const answer = await this.#ask({ kind: 'describe', node_id });
    return answer?.kind === 'element' ? answer.element : null;
  }

  async change(at_ms: number, direction: 1 | -1): Promise<number | null> {
    const answer = await this.#ask({ kind: 'find_change', at_ms, direction });
    return answer?.kind === 'change' ? answer.at_ms : null;
  }

  #ask(question: WithoutNumber<Question>): Promise<FromStage | null> {
    this.#request += 1;
    const request = this.#request;
    return new Promise((resolve) => {
      const limit = setTimeout(() => {
        this.#waiting.delete(request);
        resolve(null);
      }, answer_limit_ms);
      this.#waiting.set(request, (message) => {
        clearTimeout(limit);
        resolve(message);
      });
      this.post({ ...question, request } as Question);
    });
  }
}
