import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';

/** Work that a module must not start while it is imported, by Node's names for its async resources. */
const io = ['TCPWRAP', 'PIPEWRAP', 'PROCESSWRAP', 'UDPWRAP', 'GETADDRINFOREQWRAP', 'HTTPCLIENTREQUEST', 'TCPSERVERWRAP', 'Timeout'];

/**
 * Imports the package's main entry in a thread, and posts the work that the import starts. The thread's code is a string, because a file
 * would have another name in dist.
 */
const watcher = `
  const { createHook } = require('node:async_hooks');
  const { parentPort, workerData } = require('node:worker_threads');
  const begun = [];
  const hook = createHook({ init(id, type) { if (workerData.io.includes(type)) begun.push(type); } });
  hook.enable();
  import(workerData.entry).then(
    () => { hook.disable(); parentPort.postMessage({ begun }); },
    (error) => { hook.disable(); parentPort.postMessage({ begun, error: String(error) }); },
  );
`;

/** Lists the network requests, processes and timers that importing a package starts. The package's package.json names the entry. */
export async function importedIo(folder: URL): Promise<readonly string[]> {
  const base = new URL(folder.href.endsWith('/') ? folder.href : `${folder.href}/`);
  const manifest = JSON.parse(await readFile(new URL('package.json', base), 'utf8')) as { readonly exports?: unknown };
  const path = entryOf(manifest.exports);
  if (path === undefined) return ['package.json exports no "."'];
  const entry = new URL(path, base);
  const worker = new Worker(watcher, { eval: true, workerData: { entry: entry.href, io }, stdout: true, stderr: true });
  try {
    const { begun, error } = await new Promise<{ readonly begun: readonly string[]; readonly error?: string }>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', (code) => reject(new Error(`the import ended its thread with ${code}`)));
    });
    if (error !== undefined) return [`${path} cannot be imported: ${error}`];
    return [...new Set(begun)].map((type) => `${path} starts a ${type} when it is imported`);
  } finally {
    await worker.terminate();
  }
}

/** Returns the file of the main entry, from `exports` in any of its forms. */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports;
  if (typeof exports !== 'object' || exports === null) return undefined;
  const { '.': main, import: esm, default: other } = exports as Record<string, unknown>;
  return entryOf(main ?? esm ?? other);
}
