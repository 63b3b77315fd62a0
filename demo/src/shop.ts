// The shop: one document, several routes under /demo/.
import { showCount } from './cart';
import { byId } from './dom';
import { cartPage } from './pages/cart';
import { cataloguePage } from './pages/catalogue';
import { checkoutPage } from './pages/checkout';
import { confirmationPage } from './pages/confirmation';
import { missingPage, productPage } from './pages/product';
import { startRecording, track } from './record';

const base = '/demo';

function pageFor(path: string): { title: string; content: HTMLElement } {
  const [name = '', argument = ''] = path.slice(base.length).split('/').filter(Boolean);
  switch (name) {
    case '':
    case 'index.html':
      return { title: 'Catalogue', content: cataloguePage() };
    case 'product':
      return productPage(decodeURIComponent(argument));
    case 'cart':
      return { title: 'Cart', content: cartPage() };
    case 'checkout':
      return { title: 'Checkout', content: checkoutPage(navigate) };
    case 'confirmation':
      return { title: 'Thank you', content: confirmationPage(argument) };
    default:
      return missingPage();
  }
}

function show(focusContent: boolean): void {
  const { title, content } = pageFor(location.pathname);
  const main = byId('content');
  document.title = `${title} – Fennick`;
  main.replaceChildren(content);
  for (const link of document.querySelectorAll<HTMLAnchorElement>('.site-header nav a')) {
    if (link.pathname === location.pathname) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (focusContent) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

function navigate(path: string): void {
  history.pushState(null, '', path);
  show(true);
}

/** Links within the shop change the route; everything else stays a page load. */
function followLink(event: MouseEvent): void {
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = (event.target as Element).closest?.('a');
  if (!link || link.target || link.origin !== location.origin || link.hash) return;
  if (!link.pathname.startsWith(`${base}/`) || link.pathname.endsWith('.html')) return;
  event.preventDefault();
  navigate(link.pathname);
}

/** Broken on purpose: a failing request, and an error that nothing catches. */
function trackParcel(): void {
  track('Parcel Tracking Requested');
  byId('track-status').textContent = 'Looking for your parcel…';
  void fetch('/demo/api/fail').then((answer) => {
    byId('track-status').textContent = `The parcel service answered ${answer.status}. Try again later.`;
  });
  const parcel = (window as { lastParcel?: { courier: string } }).lastParcel;
  // The cast hides what the type checker would have said.
  console.info('courier', (parcel as { courier: string }).courier);
}

document.addEventListener('click', followLink);
addEventListener('popstate', () => show(false));
byId('track-parcel').addEventListener('click', trackParcel);
showCount();
show(false);
void startRecording();
