import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { exposedFiles } from '../../src/settings/exposed-files.ts';

function fileOf(mode: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-exposed-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'file.json');
  writeFileSync(path, '[]');
  chmodSync(path, mode);
  return path;
}

test('warns of a connections file that every user can read, and of any file that every user can change', () => {
  const [secret, shared, readable, writable] = [fileOf(0o600), fileOf(0o640), fileOf(0o644), fileOf(0o646)];
  const read = `Every user of this machine can read the secrets in the file of BUSBAR_CONNECTIONS. Run: chmod o-r ${readable}`;
  const changed = (name: string) => `Every user of this machine can change the file of ${name}. Run: chmod o-w ${writable}`;
  for (const path of [undefined, secret, shared]) expect(exposedFiles({ BUSBAR_CONNECTIONS: path })).toEqual([]);
  expect(exposedFiles({ BUSBAR_CONNECTIONS: readable, BUSBAR_QUOTAS: readable, BUSBAR_PRICES: readable })).toEqual([read]);
  expect(exposedFiles({ BUSBAR_CONNECTIONS: writable, BUSBAR_QUOTAS: writable, BUSBAR_PRICES: writable })).toEqual(
    ['BUSBAR_CONNECTIONS', 'BUSBAR_QUOTAS', 'BUSBAR_PRICES'].map(changed),
  );
  expect(exposedFiles({ BUSBAR_CONNECTIONS: writable }, 'win32')).toEqual([]);
});
