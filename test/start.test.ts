import { execFile } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const minimal = pathToFileURL(join(import.meta.dirname, '../examples/minimal-server/src/server.ts')).href;

// Runs in its own process, and prints the modules that Node has loaded when the server starts to serve.
const program = `
  import { registerHooks } from 'node:module';
  const files = [];
  registerHooks({ load(url, context, next) { files.push(url); return next(url, context); } });
  await import(${JSON.stringify(minimal)});
  process.stdout.write(JSON.stringify({ files, own: process.moduleLoadList }), () => process.exit());`;

test('a server serves before Node has loaded the SDK or undici', async () => {
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    env: { ...process.env, PORT: '0' },
    maxBuffer: 4 * 1024 * 1024,
  });
  const { files, own } = JSON.parse(stdout) as { readonly files: readonly string[]; readonly own: readonly string[] };
  expect(files).toContain(minimal);
  expect(files.filter((url) => url.includes('@modelcontextprotocol'))).toEqual([]);
  expect(own).toContain('NativeModule http');
  expect(own.filter((name) => name.includes('undici'))).toEqual([]);
});
