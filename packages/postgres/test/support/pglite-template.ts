import { hash } from 'node:crypto';
import { existsSync, globSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { access, appendFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { openDatabase } from '../../src/index.ts';

const migrations = join(import.meta.dirname, '../../src/migrations');
// Its real path contains its version.
const pglite = realpathSync(fileURLToPath(import.meta.resolve('@electric-sql/pglite')));
const cache = join(import.meta.dirname, '../../../../node_modules/.cache/busbar-test');
const memory = '/dev/shm';

/** Flags of this process (vitest.config.ts) that save V8 work on PGlite. A child process that opens PGlite needs them too. */
export const wasmFlags: readonly string[] = process.execArgv.filter((argument) => argument.startsWith('--wasm-'));
const roomBytes = 2 * 2 ** 30;
// PostgreSQL zeroes its buffers at each start. With the usual 128 MB, that is more than half of PGlite's start, and no test needs that
// much.
const settings = '\nshared_buffers = 8MB\n';

/**
 * The folder for the data folders of tests: in memory if there is room, because a disk's file system takes longer to copy a thousand files
 * than PGlite takes to open them. PGlite does not wait for the disk, so no test depends on the difference.
 */
export const dataPlace = hasRoom(memory) ? memory : tmpdir();

let template: Promise<string> | undefined;
let cluster: Promise<string> | undefined;

/**
 * A data folder as a first start leaves it. Copy it and do not open it: creating such a folder takes seconds. It is kept for later runs
 * until PGlite or the migrations change.
 */
export const pgliteTemplate = (): Promise<string> =>
  (template ??= findOrMake('busbar', sources(), async (folder) => (await openDatabase({ folder })).close()));

/** A data folder as {@link pgliteTemplate} returns it, but without migrations. */
export const pgliteCluster = (): Promise<string> =>
  (cluster ??= findOrMake('cluster', [], async (folder) => (await PGlite.create(join(folder, 'pglite'))).close()));

const sources = (): string[] =>
  globSync('*.ts', { cwd: migrations })
    .toSorted()
    .map((name) => readFileSync(join(migrations, name), 'utf8'));

async function findOrMake(what: string, of: readonly string[], make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, `${what}-${hash('sha256', JSON.stringify([pglite, settings, of])).slice(0, 16)}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, 'making-'));
  await make(making);
  await appendFile(join(making, 'pglite/postgresql.conf'), settings);
  // Another test file may have created it first, and its copy is just as good.
  await rename(making, folder).catch(async (error: unknown) => {
    await rm(making, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

function hasRoom(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize >= roomBytes;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
