// `npm run build:server` writes the server with all its dependencies to a folder that needs only Node 24. Without it, Node loads several
// hundred files separately, which takes most of a start: docs/performance.md.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

/** PGlite looks for these files next to its code. */
const pgliteFiles: Plugin = {
  name: 'pglite-files',
  transform: {
    filter: { id: /\/@electric-sql\/pglite\/dist\/index\.js$/ },
    handler(_code, id) {
      for (const fileName of ['pglite.wasm', 'pglite.data', 'initdb.wasm'])
        this.emitFile({ type: 'asset', fileName, source: readFileSync(join(dirname(id), fileName)) });
    },
  },
};

export default defineConfig({
  cwd: import.meta.dirname,
  input: 'src/main.ts',
  platform: 'node',
  plugins: [pgliteFiles],
  // The compiler that builds PGlite generates direct evals.
  checks: { eval: false },
  output: {
    dir: join(import.meta.dirname, 'dist'),
    cleanDir: true,
    format: 'esm',
    // Without a package.json next to them, only `.mjs` makes them modules.
    entryFileNames: 'server.mjs',
    chunkFileNames: '[name]-[hash].mjs',
  },
});
