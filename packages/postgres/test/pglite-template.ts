import { hash } from 'node:crypto';
import { globSync, readFileSync, realpathSync } from 'node:fs';
import { access, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/index.ts';

const migrations = join(import.meta.dirname, '../src/migrations');
// Its real path has its version in it.
const pglite = realpathSync(fileURLToPath(import.meta.resolve('@electric-sql/pglite')));
const cache = join(import.meta.dirname, '../../../node_modules/.cache/busbar-test');

let template: Promise<string> | undefined;

/**
 * A data folder as a first start leaves it, to be copied and not to be opened: making one takes seconds. It is kept for the next run, as long as
 * PGlite and the migrations are the same.
 */
export const pgliteTemplate = (): Promise<string> => (template ??= findOrMake());

async function findOrMake(): Promise<string> {
  const sources = globSync('*.ts', { cwd: migrations })
    .toSorted()
    .map((name) => readFileSync(join(migrations, name), 'utf8'));
  const folder = join(cache, `pglite-${hash('sha256', JSON.stringify([pglite, sources])).slice(0, 16)}`);
  if (await exists(folder)) return folder;
  await mkdir(cache, { recursive: true });
  const making = await mkdtemp(join(cache, 'making-'));
  await (await openDatabase({ folder: making })).close();
  // Another test file may have been first: then its own is as good.
  await rename(making, folder).catch(async (error: unknown) => {
    await rm(making, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  });
  return folder;
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
