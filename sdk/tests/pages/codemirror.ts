// CodeMirror 6: editable text, virtual lines, measured layout, sheets by its own module.
import { basicSetup, EditorView } from 'codemirror';

let view: EditorView;
export const start = (stage: Element) => {
  (stage as HTMLElement).style.height = '200px';
  const doc = Array.from({ length: 300 }, (_, n) => `const line${n} = ${n};`).join('\n');
  view = new EditorView({ doc, extensions: [basicSetup], parent: stage });
  view.dom.style.height = '200px';
};
const settle = () => new Promise((done) => setTimeout(done, 80));
export const steps = [
  () => view.dispatch({ changes: { from: 0, insert: 'function first() {\n  return 1;\n}\n' } }),
  () => view.dispatch({ changes: { from: 10, to: 60 }, selection: { anchor: 5 } }),
  () => view.dispatch({ effects: EditorView.scrollIntoView(3_000) }),
  () => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: 'empty' } }),
].map((step) => async () => {
  step();
  await settle();
});
