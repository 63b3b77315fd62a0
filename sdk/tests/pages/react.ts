// React: keyed lists that move, controlled fields, portals, fragments, memo, styles.
import { createElement as h, Fragment, memo, useState } from 'react';
import { createPortal, flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';

type Row = { id: number; label: string };
let next = 1;
const rows = (count: number): Row[] => Array.from({ length: count }, () => ({ id: next, label: `row ${next++}` }));

const Line = memo(({ row }: { row: Row }) => h('li', { 'data-id': row.id }, row.label, h('b', null, row.id % 3 ? '' : 'third')));

let update: (change: Partial<State>) => void;
interface State {
  rows: Row[];
  text: string;
  isOn: boolean;
  isOpen: boolean;
  choice: string;
}

function App() {
  const [state, setState] = useState<State>({ rows: rows(5), text: 'first', isOn: false, isOpen: false, choice: 'b' });
  update = (change) => flushSync(() => setState((before) => ({ ...before, ...change })));
  return h(
    Fragment,
    null,
    h('input', { value: state.text, onChange: (event: any) => update({ text: event.target.value }) }),
    h('textarea', { value: state.text + ' long', readOnly: true }),
    h('input', { type: 'checkbox', checked: state.isOn, readOnly: true }),
    h('select', { value: state.choice, onChange: () => {} }, ...['a', 'b', 'c'].map((value) => h('option', { value, key: value }, value))),
    h('ul', { style: { color: state.isOn ? 'rgb(1, 2, 3)' : 'rgb(4, 5, 6)' } }, state.rows.map((row) => h(Line, { row, key: row.id }))),
    state.isOpen && createPortal(h('div', { className: 'portal' }, 'in the body'), document.body),
    state.rows.length > 5 ? h('p', null, 'many ', state.rows.length) : null,
  );
}

export const start = (stage: Element) => {
  createRoot(stage).render(h(App));
};

let current: Row[] = [];
export const steps = [
  () => update({ rows: (current = rows(30)) }),
  () => update({ rows: (current = [...current].reverse()) }),
  () => update({ rows: (current = [current[20]!, ...current.slice(0, 5), ...rows(3), ...current.slice(8)]), isOpen: true }),
  () => update({ text: 'second', isOn: true, choice: 'c' }),
  () => update({ rows: (current = current.filter((row) => row.id % 2)), isOpen: false }),
  () => update({ rows: [], text: '' }),
];
