// Runs in the measured page: builds it, starts a recorder, and does the work.
window.bench = (() => {
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  /** Long enough for every recorder to have written what it saw. */
  const pause = async () => {
    for (let n = 0; n < 60; n++) await frame();
  };
  const stage = () => document.querySelector('#stage');

  const row = (n) => {
    const tr = document.createElement('tr');
    tr.className = 'row';
    tr.innerHTML = `<td class="c1">${n}</td><td class="c2"><a href="/item/${n}">item number ${n}</a></td><td><span class="x">x</span></td>`;
    return tr;
  };
  const tbody = () => stage().querySelector('tbody');
  const fill = (count, from = 0) => {
    const fragment = document.createDocumentFragment();
    for (let n = 0; n < count; n++) fragment.append(row(from + n));
    tbody().append(fragment);
  };
  /** Steps on one table, the ones of the well-known framework benchmark. */
  const table = {
    create: async (count) => {
      stage().innerHTML = '<table><tbody></tbody></table>';
      fill(count);
    },
    update: async (count) => {
      for (let n = 0; n < count; n += 10) tbody().rows[n].cells[1].firstChild.firstChild.nodeValue += ' !!!';
    },
    swap: async (count) => {
      tbody().insertBefore(tbody().rows[count - 2], tbody().rows[1]);
    },
    remove: async (count) => {
      tbody().rows[count >> 1].remove();
    },
    append: async (count) => fill(count, count),
    clear: async () => {
      tbody().textContent = '';
    },
    /** Added at once, then turned round. */
    siblings: async (count) => {
      stage().innerHTML = '<p>a</p>'.repeat(count);
      await pause();
      for (const child of [...stage().children].reverse()) stage().append(child);
    },
  };

  const works = {
    async start() {},
    /** 300 elements, each moved in every of 60 frames. */
    async styles() {
      stage().innerHTML = '<i style="color: red; position: absolute"></i>'.repeat(300);
      await frame();
      const elements = [...stage().children];
      for (let step = 0; step < 60; step++) {
        for (const [n, element] of elements.entries()) {
          element.style.transform = `translate(${step + n}px, ${n}px)`;
          element.style.opacity = String((step % 10) / 10);
        }
        await frame();
      }
    },
    async routes() {
      for (let route = 0; route < 20; route++) {
        history.pushState(null, '', '/route/' + route);
        stage().innerHTML = Array.from(
          { length: 120 },
          (_, n) => `<section class="card c${n % 5}"><h2>Title ${route}/${n}</h2><p>Some text <b>bold</b> and <a href="/x/${n}">link</a></p><button type="button">go</button></section>`,
        ).join('');
        await frame();
        for (const button of stage().querySelectorAll('button')) button.setAttribute('aria-pressed', 'true');
        await frame();
      }
    },
    async typing() {
      stage().innerHTML = '<input id="t"><div id="s" style="height:100px;overflow:auto"><div style="height:9000px"></div></div>';
      await frame();
      const input = stage().querySelector('#t');
      const box = stage().querySelector('#s');
      for (let n = 0; n < 150; n++) {
        input.value += 'x';
        input.dispatchEvent(new Event('input', { bubbles: true }));
        box.scrollTop = n * 20;
        document.dispatchEvent(new MouseEvent('mousemove', { clientX: n, clientY: n, bubbles: true }));
        await frame();
      }
    },
    /** Two seconds with a mark in each state. */
    async visit() {
      const marks = [];
      for (let n = 0; n < 10; n++) {
        const mark = 'mark-' + Math.random().toString(36).slice(2);
        marks.push(mark);
        stage().append(Object.assign(document.createElement('p'), { textContent: mark }));
        await new Promise((done) => setTimeout(done, 180));
      }
      return marks;
    },
    /** 12 MB of text that does not pack well, at once. */
    async large() {
      const marks = [];
      const fragment = document.createDocumentFragment();
      for (let n = 0; n < 120; n++) {
        const mark = 'mark-' + Math.random().toString(36).slice(2);
        marks.push(mark);
        const noise = Array.from({ length: 9_000 }, () => Math.random().toString(36).slice(2)).join(' ');
        fragment.append(Object.assign(document.createElement('p'), { textContent: mark + ' ' + noise.slice(0, 100_000) }));
      }
      stage().append(fragment);
      await new Promise((done) => setTimeout(done, 15_000));
      return marks;
    },
    /** A clock, a ticker, a bar: a page that somebody only looks at. */
    async minute() {
      stage().innerHTML = '<p>1</p>'.repeat(10) + '<div id="bar" style="width: 0"></div>';
      const cells = [...stage().querySelectorAll('p')];
      for (let n = 0; n < 240; n++) {
        cells[n % 10].firstChild.nodeValue = `${n} points`;
        stage().querySelector('#bar').style.width = `${(n * 10) / 24}%`;
        await new Promise((done) => setTimeout(done, 250));
      }
    },
    async ticking() {
      stage().innerHTML = '<p>1</p>'.repeat(50);
      const cells = [...stage().children];
      for (let n = 0; n < 200; n++) {
        for (let k = 0; k < 10; k++) cells[(n * 7 + k) % 50].firstChild.nodeValue = String(n * k);
        await frame();
      }
    },
  };

  return {
    build(nodes) {
      const cards = Math.floor(nodes / 10);
      document.body.innerHTML =
        '<div id="stage"></div>' +
        Array.from(
          { length: cards },
          (_, n) =>
            `<div class="card a${n % 9}" data-n="${n}"><h3>Card ${n}</h3><p>Text of card <em>${n}</em></p><img alt="" width="1" height="1"><a href="/c/${n}">more</a></div>`,
        ).join('');
    },
    async record() {
      const tasks = [];
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
      window.longTasks = tasks;
      await frame();
      await startRecorder();
    },
    /** The name of a work, or that of a step with its number: `create1000`. */
    async work(name) {
      const [, step, count] = /^(.*?)(\d*)$/.exec(name);
      const marks = await (works[step] ?? table[step])(Number(count));
      if (count) await pause();
      for (let n = 0; n < 10; n++) await frame();
      return marks;
    },
  };
})();
