// What the buttons of the test pages do: one DOM change of each kind.
// Where a reload puts the page would otherwise be up to the browser's timing.
history.scrollRestoration = 'manual';

const on = (id, action) => document.getElementById(id)?.addEventListener('click', action);
const list = document.getElementById('list');
let added = 0;

on('add', () => {
  const item = document.createElement('li');
  const strong = document.createElement('strong');
  strong.textContent = `added ${++added}`;
  item.append(strong, ' with 🍐 text');
  list.append(item);
});
on('remove', () => list.firstElementChild?.remove());
on('move', () => list.prepend(list.lastElementChild));
on('text', () => {
  document.getElementById('note').firstChild.data = `Changed text ${list.children.length}`;
});
on('style', () => {
  const note = document.getElementById('note');
  note.style.backgroundColor = 'rgb(255, 240, 200)';
  note.style.setProperty('padding-top', '6px', 'important');
  note.dataset.state = 'styled';
});
on('shadow', () => {
  const root = document.getElementById('card').shadowRoot;
  root.querySelector('p').textContent = 'Shadow text changed';
  root.append(document.createElement('hr'));
});
on('adopt', () => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync('#end { font-weight: 700; }');
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
});
on('rule', () => {
  const own = [...document.styleSheets].find((sheet) => sheet.ownerNode.tagName === 'STYLE');
  own.insertRule('#list { list-style: square; }', own.cssRules.length);
});
on('frame', () => {
  document.querySelector('iframe').contentDocument.getElementById('inside').textContent = 'Frame text changed';
});
on('route', () => {
  history.pushState(null, '', '/one.html?step=2');
  document.title = 'Page one, step two';
});

customElements.define('status-card', class extends HTMLElement {
  connectedCallback() {
    const root = this.attachShadow({ mode: 'open' });
    const text = document.createElement('p');
    text.textContent = 'Shadow text';
    const masked = document.createElement('p');
    masked.className = 'amp-mask';
    masked.textContent = 'shadow-secret-text';
    root.append(text, masked, document.createElement('slot'));
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('p { margin: 2px; color: darkgreen; }');
    root.adoptedStyleSheets = [sheet];
  }
});
