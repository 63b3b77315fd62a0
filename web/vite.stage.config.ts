import { defineConfig } from 'vite';

// The stage is its own small document with its own content policy, so it is its own bundle:
// no inline script, and nothing shared with the app. It runs after the app build
// because that one empties the folder.
export default defineConfig({
  root: 'src/stage',
  base: '/stage/',
  publicDir: false,
  build: {
    outDir: '../../build/stage',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // The folder's name lets browsers keep the files.
      output: { entryFileNames: 'immutable/stage.[hash].js', assetFileNames: 'immutable/stage.[hash][extname]' },
    },
  },
});
