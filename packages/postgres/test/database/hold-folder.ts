// Opens the folder in its argument, writes a key, prints it, and keeps the folder open until it is killed.
import { createApiKeys, openDatabase } from '../../src/index.ts';
import { systemClock } from '@busbar/core';

const folder = process.argv[2] ?? '';
try {
  const database = await openDatabase({ folder });
  const { key } = await createApiKeys(database, systemClock).create({ tenant: 'held', name: 'held', roles: [] });
  process.stdout.write(`${key}\n`);
  process.stdin.resume();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}\n`);
  process.exitCode = 1;
}
