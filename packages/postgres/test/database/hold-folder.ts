// Opens the folder that it is given, writes a key, says so, and stays until it is ended.
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
