import { hash } from 'node:crypto';
import { existsSync, globSync, readFileSync, realpathSync, statfsSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
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
const roomBytes = 2 * 2 ** 30;

/**
 * The folder for the data folders of tests: in memory if there is room, because a disk's file system takes longer to copy a thousand files
 * than PGlite takes to open them. PGlite does not wait for the disk, so no test depends on the difference.
 */
export const dataPlace = hasRoom(memory) ? memory : tmpdir();

let template: Promise<string> | undefined;
let cluster: Promise<string> | undefined;

/**
 * A data folder as a first start leaves it, to be copied and not to be opened: making one takes seconds. It is kept for the next run, as
 * long as PGlite and the migrations are the same.
 */
export const pgliteTemplate = (): Promise<string> =>
  (template ??= findOrMake('busbar', sources(), async (folder) => (await openDatabase({ folder })).close()));

/** The same, without migrations. */
export const pgliteCluster = (): Promise<string> =>
  (cluster ??= findOrMake('cluster', [], async (folder) => (await PGlite.create(join(folder, 'pglite'))).close()));

const sources = (): string[] =>
  globSync('*.ts', { cwd: migrations })
    .toSorted()
    .map((name) => readFileSync(join(migrations, name), 'utf8'));

async function findOrMake(what: string, of: readonly string[], make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(cache, `${what}-${hash('sha256', JSON.stringify([pglite, of])).slice(0, 16)}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, 'making-'));
  await make(making);
  // Another test file may have created it first, which is as good.
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
