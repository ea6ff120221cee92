// `npm run build:server`: the server with everything that it needs, in a folder to copy to where Node 24 is and nothing else. Of several
// hundred files Node would load each by itself, which takes most of a start: docs/performance.md.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defineConfig, type Plugin } from 'rolldown';

/** PGlite looks for these beside its code. */
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
  // PGlite has direct ones, made by its compiler.
  checks: { eval: false },
  output: {
    dir: join(import.meta.dirname, 'dist'),
    cleanDir: true,
    format: 'esm',
    // By their names alone they are modules, with no package.json beside them.
    entryFileNames: 'server.mjs',
    chunkFileNames: '[name]-[hash].mjs',
  },
});
