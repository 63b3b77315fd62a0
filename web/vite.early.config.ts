import { defineConfig } from 'vite';

// The script in the head of the app's page; `scripts/finish.mjs` writes it there.
export default defineConfig({
  root: 'src/early',
  publicDir: false,
  resolve: { alias: { $lib: new URL('./src/lib', import.meta.url).pathname } },
  build: {
    outDir: '../../build/early',
    emptyOutDir: true,
    lib: { entry: 'early.ts', formats: ['iife'], name: 'ReenactEarly', fileName: () => 'early.js' },
  },
});
