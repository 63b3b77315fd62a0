import { sveltekit } from '@sveltejs/kit/vite';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';

// `npm run dev -w web` shows the app as it is being written; a server that was started beside it
// answers the rest. The Host header is kept, for the server compares it with the page's origin.
const server = 'http://127.0.0.1:7788';

// Every page needs these small modules: in one file they compress better than in thirty.
const in_every_page =
  /src\/lib\/(api\/(addresses|client|early|kept|session|connection)|format\/|search\/(columns|list-address|replay-facts)|shell\/(AppShell|ProjectSwitcher|places)|ui\/(activity-path|ActivityStrip|base|clipboard|CopyButton|EmptyState|ErrorNotice|Icon|KindShape|LiveBadge|preferences|remembered|settings-text|shortcuts|tokens))/;

/** The package's icons are drawn by a component of ours. */
const own_icon: Plugin = {
  name: 'own-icon',
  enforce: 'pre',
  resolveId: (source, importer) =>
    source === '../Icon.svelte' && importer?.includes('@lucide/svelte')
      ? fileURLToPath(new URL('src/lib/ui/Icon.svelte', import.meta.url))
      : undefined,
};

export default defineConfig({
  plugins: [own_icon, sveltekit()],
  build: {
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: 'app', test: in_every_page }] } } },
  },
  server: { proxy: { '/api': server, '/stage': server, '/demo': server } },
  test: { include: ['src/**/*.test.ts'] },
});
