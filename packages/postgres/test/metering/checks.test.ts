import { meteringChecks } from '@busbar/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, postgresMetering, type Database } from '../../src/index.ts';
import { kinds, type Place } from '../support/databases.ts';

describe.each(kinds)('a metering on $kind', ({ kind, place }) => {
  let at: Place;
  let databases: Database[];

  beforeAll(async () => {
    at = await place();
    databases = [await openDatabase(at.options)];
    // On a server the other replica has its own connections.
    if (kind === 'postgresql') databases.push(await openDatabase(at.options));
  });
  afterAll(async () => {
    await Promise.all(databases.map((database) => database.close()));
    await at.remove();
  });

  const checks = meteringChecks(async (policy) => {
    const [first, second] = [databases[0], databases.at(-1)].map((database) => {
      if (!database) throw new Error('not open');
      return postgresMetering(database, policy);
    });
    if (!first || !second) throw new Error('not open');
    return { first, second, close: async () => void (await Promise.all([first.drain(), second.drain()])) };
  });

  test.concurrent.each(checks)('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
