import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cpuTimeOfAll } from '../bench/cpu-time.ts';

// CPU time comes from /proc, which other systems do not have.
test.skipIf(process.platform !== 'linux')('on Linux the CPU time of all processes with a name includes ended processes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-cpu-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // Linux names a process after the last part of its path, up to 15 characters.
  const name = 'busbar-spins';
  symlinkSync('/bin/sh', join(folder, name));
  const cpuMs = cpuTimeOfAll(name);
  expect(cpuMs()).toBe(0);
  let before = 0;
  for (let processes = 0; processes < 2; processes += 1) {
    const child = spawn(join(folder, name), ['-c', 'while :; do :; done']);
    await expect.poll(cpuMs, { timeout: 10_000 }).toBeGreaterThan(before + 20);
    const last = cpuMs();
    child.kill('SIGKILL');
    await once(child, 'exit');
    before = cpuMs();
    expect(before).toBeGreaterThanOrEqual(last);
  }
});
