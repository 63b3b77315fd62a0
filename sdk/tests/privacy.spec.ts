import { expect, test } from './support/differential';
import type { PrivacyConfig } from '../src/privacy';

// Every secret has a name that says where it was planted.
const PAGE = `<!doctype html><html><head><meta charset=utf-8><title>secret-title</title>
  <meta name=description content=secret-meta></head><body>
  <p id=plain title=secret-tooltip>secret-text <a href="/go?q=secret-query#secret-hash" aria-label=secret-aria>secret-link</a></p>
  <!-- secret-comment -->
  <img alt=secret-alt src="/i.png?t=secret-src">
  <input id=text value=secret-value placeholder=secret-placeholder>
  <input type=password value=secret-password class=amp-unmask>
  <input type=hidden value=secret-hidden>
  <div class=amp-unmask><input type=hidden value=secret-hidden-unmasked><input type=password value=secret-password-unmasked></div>
  <input autocomplete=cc-number value=secret-card class=amp-unmask>
  <input name=cvc value=secret-cvc class=amp-unmask>
  <input type=email value=secret-email><input type=tel value=secret-tel>
  <textarea>secret-area</textarea>
  <select><option>public-option<option selected>secret-choice</select>
  <div contenteditable>secret-editable</div>
  <div class=amp-mask>secret-masked <b class=amp-unmask>secret-mask-wins</b><input value=secret-masked-field class=amp-unmask>
    <i title=secret-masked-title>x</i></div>
  <div data-amp-mask>secret-data-mask</div><div class=sentry-mask>secret-sentry</div>
  <div data-dtrum-mask>secret-dtrum</div><div data-reenact-mask>secret-own-mark</div>
  <div class=amp-block id=blocked>secret-blocked<input value=secret-blocked-field></div>
  <div data-sentry-block>secret-sentry-block</div><div class=rr-block>secret-rr-block</div>
  <div class=mine>secret-own-selector</div>
  <input class=amp-unmask id=clear value=public-value>
  <p class=amp-unmask>public-unmasked</p>
  <div id=host></div><iframe id=frame srcdoc="<p>secret-frame</p><input type=password value=secret-frame-password>"></iframe>
  </body></html>`;

async function recordAll(page: import('@playwright/test').Page, privacy: PrivacyConfig) {
  return page.evaluate(async (privacy) => {
    const root = document.querySelector('#host')!.attachShadow({ mode: 'open' });
    root.innerHTML = '<p>secret-shadow</p><input type=password value=secret-shadow-password>';
    window.harness.start(privacy, false);
    await window.harness.settled();
    // Everything again, later and by script.
    const add = (html: string, to: Element = document.body) => to.insertAdjacentHTML('beforeend', html);
    add('<p id=added title=secret-added-title>secret-added</p><input type=password id=pw value=secret-added-password>');
    add('<div class=amp-mask><p id=late>x</p></div>');
    document.querySelector('#late')!.textContent = 'secret-late';
    add('secret-late-blocked<input value=secret-late-blocked-field>', document.querySelector('#blocked')!);
    await window.harness.settled();
    const set = (selector: string, value: string) => (document.querySelector<HTMLInputElement>(selector)!.value = value);
    set('#text', 'secret-by-script');
    set('#pw', 'secret-password-by-script');
    set('[type=hidden]', 'secret-hidden-by-script');
    set('[autocomplete=cc-number]', 'secret-card-by-script');
    set('#blocked input', 'secret-blocked-by-script');
    document.querySelector('#pw')!.setAttribute('value', 'secret-password-attribute');
    document.querySelector('#late')!.firstChild!.nodeValue = 'secret-late-again';
    document.querySelector('#late')!.setAttribute('title', 'secret-late-title');
    document.querySelector('#blocked')!.setAttribute('title', 'secret-blocked-title');
    await window.harness.settled();
    // A password that is shown stays one.
    document.querySelector<HTMLInputElement>('#pw')!.type = 'text';
    await window.harness.settled();
    set('#pw', 'secret-shown-password');
    // An element that is masked only from now on.
    const plain = document.querySelector('#plain')!;
    plain.className = 'amp-mask';
    plain.append('secret-after-mask');
    await window.harness.settled();
    plain.firstChild!.nodeValue = 'secret-after-mask-2';
    await window.harness.settled();
    const wire = JSON.stringify(window.harness.recordings.ours);
    return { found: [...new Set(wire.match(/(secret|public)-[\w-]*/g))].sort(), errors: window.harness.recordings.errors };
  }, privacy);
}

const ALWAYS_VISIBLE_BY_LEVEL = {
  // Light hides what is sensitive by its kind.
  light: [
    'secret-title', 'secret-meta', 'secret-tooltip', 'secret-text', 'secret-query', 'secret-hash', 'secret-aria',
    'secret-link', 'secret-alt', 'secret-src', 'secret-value', 'secret-placeholder', 'secret-area', 'secret-choice',
    'secret-editable', 'secret-shadow', 'secret-frame', 'secret-added', 'secret-added-title', 'secret-by-script',
    'public-option', 'public-value', 'public-unmasked',
  ],
  medium: [
    'secret-title', 'secret-meta', 'secret-tooltip', 'secret-text', 'secret-query', 'secret-hash', 'secret-aria',
    'secret-link', 'secret-alt', 'secret-src', 'secret-placeholder', 'secret-choice', 'secret-shadow', 'secret-frame',
    'secret-added', 'secret-added-title', 'public-option', 'public-value', 'public-unmasked',
  ],
  conservative: ['public-value', 'public-unmasked'],
} as const;

for (const level of ['light', 'medium', 'conservative'] as const) {
  test(`what is planted does not leave the page at level ${level}`, async ({ duel }) => {
    await duel.open(PAGE, {}, false);
    const { found, errors } = await recordAll(duel.page, { defaultMaskLevel: level, maskSelector: ['.mine'] });
    expect(errors).toEqual([]);
    expect(found).toEqual([...ALWAYS_VISIBLE_BY_LEVEL[level]].sort());
  });
}

test('selectors of the site: mask, unmask, block, attributes, and a broken one', async ({ duel }) => {
  await duel.open(
    `<!doctype html><p class=a>secret-a</p><div class=b>secret-b</div><input class=c value=public-c placeholder=secret-place>
     <input value=secret-d placeholder=secret-place2>`,
    {},
    false,
  );
  const wire = await duel.page.evaluate(async () => {
    window.harness.start(
      {
        maskSelector: ['.a', '..broken'],
        blockSelector: '.b',
        unmaskSelector: '.c',
        maskAttributes: ['placeholder'],
      },
      false,
    );
    await window.harness.settled();
    return JSON.stringify(window.harness.recordings.ours);
  });
  expect([...new Set(wire.match(/(secret|public)-[\w-]*/g))]).toEqual(['public-c', 'secret-place']);
});

test('a level by address, also after navigation inside the page', async ({ duel }) => {
  await duel.open('<!doctype html><p>public-start</p>', {}, false);
  const wire = await duel.page.evaluate(async () => {
    window.harness.start({ urlMaskLevels: [{ match: '*/account/**', maskLevel: 'conservative' }] }, false);
    history.pushState(null, '', '/account/1?token=secret-token');
    document.body.append('secret-account');
    await window.harness.settled();
    history.pushState(null, '', '/shop');
    document.body.append('public-shop');
    await window.harness.settled();
    return JSON.stringify(window.harness.recordings.ours);
  });
  expect([...new Set(wire.match(/(secret|public)-[\w-]*/g))]).toEqual(['public-start', 'public-shop']);
});
