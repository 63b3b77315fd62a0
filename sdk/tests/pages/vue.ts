// Vue: v-for with moves, v-model, transitions of class, teleport, keep-alive.
import { createApp, h, nextTick, reactive, Teleport, TransitionGroup, vModelText, withDirectives } from 'vue';

const state = reactive({ rows: [1, 2, 3, 4, 5], text: 'first', isOpen: false, hue: 10 });

export const start = (stage: Element) => {
  createApp({
    render: () => [
      withDirectives(h('input', { 'onUpdate:modelValue': (text: string) => (state.text = text) }), [[vModelText, state.text]]),
      h(TransitionGroup, { tag: 'ol', name: 'list' }, () =>
        state.rows.map((row) => h('li', { key: row, style: { color: `hsl(${state.hue * row}, 50%, 50%)` } }, [`row ${row} `, h('i', row * 2)])),
      ),
      h(Teleport, { to: 'body' }, state.isOpen ? [h('div', { class: 'modal' }, 'teleported')] : []),
      state.text ? h('p', state.text) : null,
    ],
  }).mount(stage);
};

export const steps = [
  () => void state.rows.push(6, 7, 8, 9),
  () => void (state.rows = [...state.rows].sort((a, b) => (a * 7) % 5 - (b * 7) % 5)),
  () => void ((state.text = 'second'), (state.isOpen = true)),
  () => void state.rows.splice(2, 4, 100, 101),
  () => void ((state.hue = 33), (state.isOpen = false), (state.text = '')),
  () => void (state.rows = []),
].map((step) => async () => {
  step();
  await nextTick();
  // Leaving elements go after their transition.
  await new Promise((done) => setTimeout(done, 60));
});
