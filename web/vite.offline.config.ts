import { defineConfig } from 'vite';

// The player of an exported replay: one script and one style sheet that the server writes into the
// exported page, so that the page plays without a network.
export default defineConfig({
  root: 'src/offline',
  publicDir: false,
  build: {
    outDir: '../../build/offline',
    emptyOutDir: true,
    lib: { entry: 'offline.ts', formats: ['iife'], name: 'ReenactOffline', fileName: () => 'offline.js' },
    rollupOptions: { output: { assetFileNames: 'offline[extname]' } },
  },
});
