import { expect, test } from './support/differential';

const page = (body: string, head = '') =>
  `<!doctype html><html><head><meta charset=utf-8>${head}</head><body>${body}</body></html>`;

test('snapshot and simple changes', async ({ duel }) => {
  await duel.open(
    page(
      `<ul id=list><li>one<li>two<li>three</ul><p id=text>hello</p><svg viewBox="0 0 9 9"><linearGradient id=g /><rect width=5 height=5 /></svg>`,
      `<style>li { color: red } li:hover { color: blue } #text { padding-left: 7px }</style>`,
    ),
  );
  await duel.check();
  await duel.page.evaluate(() => {
    const list = document.querySelector('#list')!;
    const item = document.createElement('li');
    item.append('four ', document.createElement('b'));
    list.append(item);
    item.lastElementChild!.textContent = 'bold';
    list.firstElementChild!.remove();
    list.insertBefore(document.createElement('li'), list.firstChild).textContent = 'zero';
    list.insertBefore(list.lastElementChild!, list.firstElementChild);
    document.querySelector('#text')!.firstChild!.nodeValue = 'changed';
    document.querySelector<HTMLElement>('#text')!.style.color = 'green';
    document.querySelector('#text')!.setAttribute('data-a', 'b');
  });
  await duel.check();
  await duel.check('direct');
});

test('fields, typed and set by script', async ({ duel }) => {
  await duel.open(
    page(`<form id=form><input id=a value=start><textarea id=t>text</textarea><input type=checkbox id=c checked>
      <input type=radio name=r id=r1 checked><input type=radio name=r id=r2>
      <select id=s><option>x<option selected>y<option>z</select></form>`),
  );
  await duel.check();
  await duel.page.fill('#a', 'typed');
  await duel.page.fill('#t', 'more\ntext');
  await duel.page.check('#r2');
  await duel.page.selectOption('#s', 'z');
  await duel.check();
  await duel.page.evaluate(() => {
    document.querySelector<HTMLInputElement>('#a')!.value = 'by script';
    document.querySelector<HTMLTextAreaElement>('#t')!.value = 'area by script';
    document.querySelector<HTMLInputElement>('#c')!.checked = false;
    document.querySelector<HTMLSelectElement>('#s')!.selectedIndex = 0;
  });
  await duel.check();
  await duel.page.evaluate(() => document.querySelector<HTMLFormElement>('#form')!.reset());
  await duel.check('virtual', false);
});

test('scroll of boxes and of the page', async ({ duel }) => {
  await duel.open(
    page(`<div id=box style="height:100px;overflow:auto"><div style="height:900px">tall</div></div><div style="height:3000px"></div>`),
    {},
    false,
  );
  await duel.page.evaluate(() => {
    document.querySelector('#box')!.scrollTop = 120;
    window.scrollTo(0, 300);
    window.harness.start();
  });
  await duel.check();
  await duel.page.evaluate(() => {
    document.querySelector('#box')!.scrollTop = 50;
    window.scrollTo(0, 700);
  });
  await duel.check();
});

test('rules inserted, deleted and changed by script', async ({ duel }) => {
  await duel.open(
    page(
      `<p class=a>a</p><p class=b>b</p>`,
      `<style id=s>@media all { .a { color: red } } .b { color: blue }</style><style id=empty></style><link rel=stylesheet href=/late.css>`,
    ),
    { '/late.css': '.b { font-size: 30px }' },
    false,
  );
  await duel.page.evaluate(() => {
    const sheet = (id: string) => document.querySelector<HTMLStyleElement>(id)!.sheet!;
    sheet('#empty').insertRule('.a { padding-left: 11px }');
    window.harness.start();
  });
  await duel.check();
  await duel.page.evaluate(() => {
    const sheet = document.querySelector<HTMLStyleElement>('#s')!.sheet!;
    sheet.insertRule('.b { background-color: yellow }', 1);
    sheet.insertRule('.a { font-size: 20px }', 2);
    (sheet.cssRules[0] as CSSMediaRule).insertRule('.b { padding-left: 3px }', 0);
    (sheet.cssRules[3] as CSSStyleRule).style.setProperty('color', 'teal', 'important');
  });
  await duel.check();
  await duel.page.evaluate(() => {
    const sheet = document.querySelector<HTMLStyleElement>('#s')!.sheet!;
    sheet.deleteRule(1);
    const style = document.createElement('style');
    document.head.append(style);
    style.sheet!.insertRule('p { padding-left: 21px !important }');
  });
  await duel.check();
});

test('style elements that change their text after their rules', async ({ duel }) => {
  await duel.open(page('<p class=a>a</p>', '<style id=s></style>'), {}, false);
  await duel.page.evaluate(() => {
    document.querySelector<HTMLStyleElement>('#s')!.sheet!.insertRule('.a { color: red; padding-left: 9px }');
    window.harness.start();
  });
  await duel.check();
  await duel.page.evaluate(() => document.querySelector('#s')!.append('.a { color: green }'));
  // The reference shows the old rules here.
  await duel.check('virtual', false);
  await duel.page.evaluate(() => document.querySelector('#s')!.append('.a { padding-left: 4px }'));
  await duel.check('virtual', false);
});

test('sheets that arrive late', async ({ duel }) => {
  await duel.open(page('<p class=a>a</p>'), { '/late.css': '.a { color: rgb(1, 2, 3) }' });
  await duel.check();
  await duel.page.evaluate(
    () =>
      new Promise((done) => {
        const link = document.createElement('link');
        link.rel = 'stylesheet';
        link.href = '/late.css';
        link.onload = done;
        document.head.append(link);
      }),
  );
  await duel.check();
});

test('constructed sheets, also through push', async ({ duel }) => {
  await duel.open(page('<p class=a>a</p><div id=host></div>'), {}, false);
  await duel.page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.a { color: rgb(9, 9, 9) }');
    document.adoptedStyleSheets = [sheet];
    window.harness.start();
  });
  await duel.check();
  await duel.page.evaluate(() => {
    const root = document.querySelector('#host')!.attachShadow({ mode: 'open' });
    root.innerHTML = '<p class=a>shadow</p>';
    const sheet = new CSSStyleSheet();
    sheet.insertRule('.a { padding-left: 12px }');
    root.adoptedStyleSheets = [sheet];
    sheet.insertRule('.a { color: purple }', 1);
    document.adoptedStyleSheets[0]!.insertRule('.a { font-size: 8px }', 1);
  });
  await duel.check();
  await duel.page.evaluate(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('p { background-color: rgb(1, 1, 1) }');
    document.adoptedStyleSheets.push(sheet);
    document.body.append('tick');
  });
  await duel.check('virtual', false);
});

test('shadow roots, nested and attached late, and custom elements', async ({ duel }) => {
  await duel.open(page('<x-card><span>light</span></x-card><div id=late>late</div>'), {}, false);
  await duel.page.evaluate(() => {
    customElements.define(
      'x-card',
      class extends HTMLElement {
        connectedCallback() {
          const root = this.attachShadow({ mode: 'open' });
          root.innerHTML = '<style>b { color: red }</style><b>in shadow</b><slot></slot><x-inner></x-inner>';
        }
      },
    );
    window.harness.start();
  });
  await duel.check();
  await duel.page.evaluate(() => {
    const root = document.querySelector('x-card')!.shadowRoot!;
    root.querySelector('b')!.textContent = 'changed';
    root.append(document.createElement('i'));
    root.querySelector('x-inner')!.attachShadow({ mode: 'open' }).innerHTML = '<u>deep</u>';
    document.querySelector('#late')!.attachShadow({ mode: 'open' }).innerHTML = '<slot></slot><em>late root</em>';
    root.querySelector('b')!.remove();
    document.body.append(document.createElement('x-card'));
  });
  await duel.check();
});

test('same-origin frames: written, loaded, nested, moved on', async ({ duel }) => {
  await duel.open(
    page(`<iframe id=a></iframe><iframe id=b src=/inner.html></iframe>`),
    {
      '/inner.html': page('<p>inner</p><input id=i value=v><iframe src=/deep.html></iframe>', '<style>p{color:red}</style>'),
      '/deep.html': page('<p>deep</p>'),
      '/second.html': page('<p>second</p>'),
    },
    true,
  );
  await duel.page.evaluate(() => {
    document.querySelector<HTMLIFrameElement>('#a')!.contentDocument!.body.innerHTML = '<p>written</p>';
  });
  await duel.check('virtual', false);
  await duel.page.evaluate(() => {
    const inner = document.querySelector<HTMLIFrameElement>('#b')!.contentDocument!;
    inner.body.append('more');
    inner.querySelector<HTMLInputElement>('#i')!.value = 'set inside';
    const frame = document.createElement('iframe');
    frame.srcdoc = '<p>srcdoc</p>';
    document.body.append(frame);
  });
  await duel.page.waitForTimeout(100);
  await duel.check('virtual', false);
  await duel.page.evaluate(() => {
    document.querySelector<HTMLIFrameElement>('#b')!.src = '/second.html';
  });
  await duel.page.waitForTimeout(150);
  await duel.check('virtual', false);
});

test('dialogs', async ({ duel }) => {
  await duel.open(page('<dialog id=d>hello</dialog><dialog open id=e>open</dialog>'));
  await duel.check();
  await duel.page.evaluate(() => document.querySelector<HTMLDialogElement>('#d')!.showModal());
  await duel.check();
  await duel.page.evaluate(() => document.querySelector<HTMLDialogElement>('#d')!.close());
  await duel.check('direct');
});

test('clicks find nodes that have just been added', async ({ duel }) => {
  await duel.open(page('<button id=b>b</button>'));
  await duel.page.evaluate(() => {
    const button = document.createElement('button');
    document.body.append(button);
    button.click();
  });
  const ours = await duel.page.evaluate(async () => {
    await window.harness.settled();
    return window.harness.recordings.ours as any[];
  });
  const click = ours.find((event) => event.type === 3 && event.data.source === 2 && event.data.type === 2);
  const add = ours.find((event) => event.data.adds?.length);
  expect(click.data.id).toBe(add.data.adds[0].node.id);
  await duel.check();
});

test('a large page is written in slices and loses nothing', async ({ duel }) => {
  const rows = Array.from({ length: 1200 }, (_, n) => `<tr><td>${n}</td><td><a href="/${n}">row <b>${n}</b></a></td></tr>`);
  await duel.open(page(`<table>${rows.join('')}</table><p>end</p>`), {}, false);
  await duel.page.evaluate(() => {
    window.harness.start({ defaultMaskLevel: 'light' }, false);
    // In the middle of the slices the page goes on changing.
    const table = document.querySelector('tbody')!;
    for (let n = 0; n < 50; n++) table.rows[n * 5]!.remove();
    table.rows[900]!.cells[0]!.textContent = 'changed early';
    table.insertRow(700).insertCell().textContent = 'new';
    requestAnimationFrame(() => {
      table.rows[1100]!.cells[0]!.textContent = 'changed late';
      table.append(table.rows[400]!);
      document.body.append('more');
    });
  });
  const pieces = await duel.page.evaluate(async () => {
    await window.harness.settled();
    return window.harness.recordings.ours.length;
  });
  expect(pieces).toBeGreaterThan(1);
  await duel.check('virtual', false);
});

test('after stop nothing of the page is patched', async ({ duel }) => {
  await duel.open(page('<p>p</p>'), {}, false);
  const changed = await duel.page.evaluate(() => {
    const owners: [object, string][] = [
      [CSSStyleSheet.prototype, 'insertRule'],
      [CSSStyleSheet.prototype, 'replace'],
      [CSSStyleDeclaration.prototype, 'setProperty'],
      [CSSStyleDeclaration.prototype, 'cssText'],
      [CSSGroupingRule.prototype, 'insertRule'],
      [HTMLInputElement.prototype, 'value'],
      [HTMLInputElement.prototype, 'checked'],
      [HTMLOptionElement.prototype, 'selected'],
      [Document.prototype, 'adoptedStyleSheets'],
      [ShadowRoot.prototype, 'adoptedStyleSheets'],
      [Element.prototype, 'attachShadow'],
      [CustomElementRegistry.prototype, 'define'],
    ];
    const look = () => owners.map(([owner, name]) => Object.getOwnPropertyDescriptor(owner, name)!);
    const before = look();
    window.harness.start({}, false);
    const during = look();
    window.harness.stop();
    const after = look();
    const isSame = (a: PropertyDescriptor, b: PropertyDescriptor) => a.value === b.value && a.set === b.set;
    return {
      patched: before.filter((descriptor, index) => !isSame(descriptor, during[index]!)).length,
      left: before.filter((descriptor, index) => !isSame(descriptor, after[index]!)).length,
      count: owners.length,
    };
  });
  expect(changed).toEqual({ patched: changed.count, left: 0, count: changed.count });
});
