import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cpuTimeOfAll } from '../bench/cpu-time.ts';

// It is read from /proc, which other systems do not have.
test.skipIf(process.platform !== 'linux')('on Linux the CPU time of all processes of a name counts those that have ended', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'busbar-cpu-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  // Linux knows a process by the last part of what was run, up to 15 characters.
  const name = 'busbar-spins';
  symlinkSync('/bin/sh', join(folder, name));
  const told = cpuTimeOfAll(name);
  expect(told()).toBe(0);
  let before = 0;
  for (let processes = 0; processes < 2; processes += 1) {
    const child = spawn(join(folder, name), ['-c', 'while :; do :; done']);
    await expect.poll(told, { timeout: 10_000 }).toBeGreaterThan(before + 20);
    const last = told();
    child.kill('SIGKILL');
    await once(child, 'exit');
    before = told();
    expect(before).toBeGreaterThanOrEqual(last);
  }
});
