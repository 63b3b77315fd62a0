import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vitest/config';

// `npm run dev -w web` shows the app as it is being written; a server that was started beside it
// answers the rest. The Host header is kept, for the server compares it with the page's origin.
const server = 'http://127.0.0.1:7788';

export default defineConfig({
  plugins: [sveltekit()],
  server: { proxy: { '/api': server, '/stage': server, '/demo': server } },
  test: { include: ['src/**/*.test.ts'] },
});
