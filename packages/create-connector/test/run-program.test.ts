import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from '../src/run-program.ts';

const parent = mkdtempSync(join(tmpdir(), 'busbar-create-'));
afterAll(() => rmSync(parent, { recursive: true }));

const run = (...args: string[]) => runProgram(args, parent);

test('prints the next steps, or that the folder exists already', async () => {
  expect(await run('acme')).toEqual({ status: 0, text: expect.stringContaining('cd connector-acme\n  npm install\n  npm test') });
  expect(existsSync(join(parent, 'connector-acme/package.json'))).toBe(true);
  expect(await run('acme')).toEqual({ status: 1, text: expect.stringContaining('connector-acme exists already.') });
});

test('prints its usage for --help and for wrong arguments, and writes nothing', async () => {
  const before = readdirSync(parent);
  for (const flag of ['--help', '-h'])
    expect(await run(flag)).toEqual({ status: 0, text: expect.stringMatching(/^npm create @busbar\/connector <name>\n/) });
  expect(await run()).toEqual({ status: 1, text: expect.stringMatching(/^Give one name\.\n\nnpm create/) });
  expect(await run('one', 'two')).toEqual({ status: 1, text: expect.stringContaining('Give one name.') });
  expect(await run('one', '--force')).toEqual({ status: 1, text: expect.stringContaining('--force') });
  expect(readdirSync(parent)).toEqual(before);
});
