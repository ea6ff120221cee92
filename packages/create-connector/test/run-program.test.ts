import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runProgram } from '../src/run-program.ts';

const place = mkdtempSync(join(tmpdir(), 'busbar-create-'));
afterAll(() => rmSync(place, { recursive: true }));

const run = (...args: string[]) => runProgram(args, place);

test('says what is next, and where a folder stands already that it does', async () => {
  expect(await run('acme')).toEqual({ status: 0, text: expect.stringContaining('cd connector-acme\n  npm install\n  npm test') });
  expect(existsSync(join(place, 'connector-acme/package.json'))).toBe(true);
  expect(await run('acme')).toEqual({ status: 1, text: expect.stringContaining('connector-acme exists already.') });
});

test('shows how it is used, and writes nothing', async () => {
  const before = readdirSync(place);
  for (const flag of ['--help', '-h'])
    expect(await run(flag)).toEqual({ status: 0, text: expect.stringMatching(/^npm create @busbar\/connector <name>\n/) });
  expect(await run()).toEqual({ status: 1, text: expect.stringMatching(/^Give one name\.\n\nnpm create/) });
  expect(await run('one', 'two')).toEqual({ status: 1, text: expect.stringContaining('Give one name.') });
  expect(await run('one', '--force')).toEqual({ status: 1, text: expect.stringContaining('--force') });
  expect(readdirSync(place)).toEqual(before);
});
