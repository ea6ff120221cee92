import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keptSecret } from '../../src/settings/generated-secret.ts';

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'busbar-secret-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return join(made, 'data');
}

test('is made once, for its owner alone, and is the same after that', () => {
  const data = folder();
  const secret = keptSecret(data);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(keptSecret(data)).toBe(secret);
  expect(keptSecret(folder())).not.toBe(secret);
  expect(statSync(join(data, 'secret')).mode & 0o777).toBe(0o600);
});

test('is not made anew where the file is damaged: what the old one sealed would be lost without a word', () => {
  const data = folder();
  keptSecret(data);
  writeFileSync(join(data, 'secret'), 'half');
  expect(() => keptSecret(data)).toThrow('does not hold the secret');
});
