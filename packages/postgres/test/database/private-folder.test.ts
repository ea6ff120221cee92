import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { openDatabase } from '../../src/index.ts';
import { makePrivate } from '../../src/database/private-folder.ts';
import { pgliteTemplate, wasmFlags } from '../support/pglite-template.ts';

const otherUser = 65_534;
// Only root can act as another user.
const isRoot = process.getuid?.() === 0;

/** An empty folder with these rights, in a folder that every user can enter. */
function folderOf(mode: number): string {
  const parent = mkdtempSync(join(tmpdir(), 'busbar-private-'));
  onTestFinished(() => rmSync(parent, { recursive: true }));
  chmodSync(parent, 0o755);
  const folder = join(parent, 'data');
  mkdirSync(folder);
  chmodSync(folder, mode);
  return folder;
}
const modeOf = (path: string): number => statSync(path).mode & 0o7777;

test('a database in a folder that all users could enter is out of their reach, with any rights of its files', async () => {
  const folder = folderOf(0o777);
  // Creating a database would take ten times as long.
  cpSync(await pgliteTemplate(), folder, { recursive: true });
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) chmodSync(join(folder, path), 0o777);
  const holder = join(import.meta.dirname, 'hold-folder.ts');
  const command = ['-c', 'umask 0; exec "$@"', 'sh', process.execPath, ...wasmFlags, holder, folder];
  const child = spawn('sh', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  expect([modeOf(folder), modeOf(join(folder, 'pglite'))]).toEqual([0o700, 0o700]);
  if (!isRoot) return;
  const version = join(folder, 'pglite/PG_VERSION');
  expect(spawnSync('cat', [version]).stdout.toString()).toMatch(/^\d+\n$/);
  for (const attempt of [`cat ${version}`, `echo 0 > ${version}`, `ls ${folder}`, `mv ${folder}/pglite ${folder}/own`])
    expect(spawnSync('sh', ['-c', attempt], { uid: otherUser, gid: otherUser }).status, attempt).not.toBe(0);
});

test('an existing database is taken from other users when it is opened', async () => {
  const folder = folderOf(0o700);
  cpSync(await pgliteTemplate(), folder, { recursive: true });
  for (const path of [folder, join(folder, 'pglite')]) chmodSync(path, 0o755);
  await (await openDatabase({ folder })).close();
  expect([modeOf(folder), modeOf(join(folder, 'pglite'))]).toEqual([0o700, 0o700]);
});

test('a folder that all users share by design stays as it is', () => {
  const folder = folderOf(0o1777);
  makePrivate(folder);
  expect(modeOf(folder)).toBe(0o1777);
});

test.skipIf(!isRoot)(
  'a folder of another user is refused only if everyone can write to it [needs root, to act as another user]',
  async () => {
    const run = async (folder: string) => {
      const file = new URL('../../src/database/private-folder.ts', import.meta.url).href;
      // It becomes the other user only after it has loaded the sources, which that user may not be able to read.
      const code = `const { makePrivate } = await import('${file}'); process.setgid(${otherUser}); process.setuid(${otherUser});
        makePrivate('${folder}'); console.log('private')`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env: {} });
      const [out, error] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return out || error;
    };
    const [readable, writable] = [folderOf(0o755), folderOf(0o777)];
    expect(await run(readable)).toBe('private\n');
    expect(await run(writable)).toMatch(/FolderAccessError: Every user of this machine can write to the data folder .*chmod o-w/);
    expect([modeOf(readable), modeOf(writable)]).toEqual([0o755, 0o777]);
  },
);
