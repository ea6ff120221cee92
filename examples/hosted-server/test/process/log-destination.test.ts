import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const file = join(import.meta.dirname, '../../src/process/log-destination.ts');
// Logs more bytes than a pipe can hold, in the last turn of the event loop and in the turn before it.
const program = (end: string) => `
  import { logDestination } from ${JSON.stringify(file)};
  const log = logDestination(2);
  const write = (from) => { for (let i = from; i < from + 500; i += 1) log.write(i + ' ' + 'x'.repeat(200) + '\\n'); };
  write(0);
  setImmediate(() => { write(500); ${end} });`;

test.each(['process.exit(0)', 'throw new Error("not caught")', ''])(
  'every line is written, in order, before the process ends: %s',
  (end) => {
    const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program(end)], { encoding: 'utf8' });
    const numbers = Array.from(stderr.matchAll(/^(\d+) x{200}$/gm), ([, number]) => Number(number));
    expect(numbers).toEqual(Array.from({ length: 1_000 }, (_, index) => index));
  },
);

test('a log that cannot be written, as on a full disk, does not end the process', () => {
  const full = `
    import { openSync } from 'node:fs';
    import { logDestination } from ${JSON.stringify(file)};
    const log = logDestination(openSync('/dev/full', 'w'));
    log.write('first\\n');
    setImmediate(() => { log.write('second\\n'); setImmediate(() => console.log('alive')); });`;
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', full], { encoding: 'utf8' });
  expect([stdout, status]).toEqual(['alive\n', 0]);
});
