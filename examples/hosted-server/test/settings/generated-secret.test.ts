import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readOrCreateSecret } from '../../src/settings/generated-secret.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'busbar-secret-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return join(made, 'data');
}

test('the secret is generated once, readable only by its owner, and stays the same', () => {
  const data = folder();
  const secret = readOrCreateSecret(data);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(readOrCreateSecret(data)).toBe(secret);
  expect(readOrCreateSecret(folder())).not.toBe(secret);
  expect(statSync(join(data, 'secret')).mode & 0o777).toBe(0o600);
});

test('the secret is not replaced if its file is damaged, because everything it sealed would be lost silently', () => {
  const data = folder();
  readOrCreateSecret(data);
  writeFileSync(join(data, 'secret'), 'half');
  expect(() => readOrCreateSecret(data)).toThrow('does not hold the secret');
});

test('the secret stays the same if an editor saves its file with a byte order mark and a line end', () => {
  const data = folder();
  const secret = readOrCreateSecret(data);
  writeFileSync(join(data, 'secret'), `\uFEFF${secret}\r\n`);
  expect(readOrCreateSecret(data)).toBe(secret);
});
