// Values of form fields: typed, chosen, or set by a script without any event.

import { Mask, type Privacy } from '../privacy';
import { EventType, Source, type Emit } from './format';
import type { NodeIds } from './node-ids';
import { later, Stops, type Report } from './page-access';
import { hookSetter } from './patches';

type Field = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement;

const FIELDS = 'input,textarea,select';

export class Fields {
  private readonly changed = new Set<Element>();
  /** What the recording shows, so that nothing is written twice. */
  private written = new WeakMap<Element, string>();

  constructor(
    private readonly ids: NodeIds,
    private readonly privacy: Privacy,
    private readonly emit: Emit,
    private readonly report: Report,
    private readonly wake: () => void,
  ) {}

  note(field: Element): void {
    this.changed.add(field);
    this.wake();
  }

  reset(): void {
    this.written = new WeakMap();
    this.changed.clear();
  }

  /** Fields younger than `newestBefore` were written with their values. */
  flush(newestBefore: number): void {
    for (const field of this.changed) {
      this.changed.delete(field);
      if (!field.isConnected || !field.matches(FIELDS)) continue;
      if (this.ids.get(field) > newestBefore && field.localName !== 'select') continue;
      this.write(field as Field);
      if ((field as HTMLInputElement).type === 'radio' && (field as HTMLInputElement).checked) {
        this.writeOthersOfGroup(field as HTMLInputElement);
      }
    }
  }

  /** One radio button on, the others of its group off. */
  private writeOthersOfGroup(radio: HTMLInputElement): void {
    if (!radio.name) return;
    const root = radio.form ?? (radio.getRootNode() as Document);
    const selector = `input[type=radio][name="${CSS.escape(radio.name)}"]`;
    for (const other of root.querySelectorAll<HTMLInputElement>(selector)) {
      if (other !== radio && other.form === radio.form) this.write(other);
    }
  }

  private write(field: Field): void {
    const id = this.ids.get(field);
    if (!id) return;
    const state = this.privacy.of(field);
    if (state === Mask.Blocked || this.privacy.isIgnored(field)) return;
    const isChecked = state !== Mask.Masked && Boolean((field as HTMLInputElement).checked);
    const text = this.privacy.value(field, field.value, state);
    const written = `${id} ${isChecked} ${text}`;
    if (this.written.get(field) === written) return;
    this.written.set(field, written);
    this.emit(EventType.Incremental, { source: Source.Input, text, isChecked, id });
  }

  /** Hooks one window's fields. */
  observe(view: Window & typeof globalThis): Stops {
    const stops = new Stops(this.report);
    const note = (field: Element) => this.note(field);
    const ofOption = (option: Element) => this.note(option.closest('select') ?? option);
    hookSetter(stops, view.HTMLInputElement?.prototype, 'value', note);
    hookSetter(stops, view.HTMLInputElement?.prototype, 'checked', note);
    hookSetter(stops, view.HTMLTextAreaElement?.prototype, 'value', note);
    hookSetter(stops, view.HTMLSelectElement?.prototype, 'value', note);
    hookSetter(stops, view.HTMLSelectElement?.prototype, 'selectedIndex', note);
    hookSetter(stops, view.HTMLOptionElement?.prototype, 'selected', ofOption);
    return stops;
  }

  /** `change` and `reset` do not leave a shadow root, so every root is listened to. */
  listen(root: Document | ShadowRoot, stops: Stops): void {
    stops.listen(root, 'input change', (event: Event) => {
      const field = event.composedPath()[0] as Element;
      if (field.matches?.(FIELDS)) this.note(field);
    });
    stops.listen(root, 'reset', (event: Event) => {
      // The values change after the event.
      const form = event.target as HTMLFormElement;
      const noteAll = () => {
        for (const field of Array.from(form.elements ?? [])) this.note(field);
      };
      later(this.report, noteAll, 0);
    });
  }
}
