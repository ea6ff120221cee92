import type { Call, Outcome } from '@busbar/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createUsage, openDatabase, type Database, type Usage } from '../src/index.ts';
import { kinds, type Place } from './databases.ts';

const startedAt = Date.UTC(2026, 0, 1);

const call = (callId: string): Call => ({
  callId,
  principal: { tenant: 'acme', id: 'key_1', roles: [] },
  connector: 'zendesk',
  connection: 'con_1',
  tool: 'zendesk_create_ticket',
  effect: 'write',
  inputHash: '',
  startedAt,
});

const outcome: Outcome = { status: 'executed', answer: { content: [] }, upstreamRequests: 2, wrote: 'yes', endedAt: startedAt + 1_234.4 };

describe.each(kinds)('usage on $kind', ({ place }) => {
  let at: Place;
  let database: Database;
  let usage: Usage;

  const rows = (prefix: string) => database.db.selectFrom('usage').selectAll().where('call_id', 'like', `${prefix}%`).execute();

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
    usage = createUsage(database, { now: () => startedAt + 5, sleep: () => Promise.reject(new Error('not used')) });
  });
  afterAll(async () => {
    await database?.close();
    await at?.remove();
  });

  test('a recorded call is there when the promise resolves', async () => {
    await usage.record(call('one'), outcome);
    expect(await rows('one')).toEqual([
      {
        call_id: 'one',
        tenant: 'acme',
        principal: 'key_1',
        connector: 'zendesk',
        connection: 'con_1',
        tool: 'zendesk_create_ticket',
        effect: 'write',
        status: 'executed',
        wrote: 'yes',
        upstream_requests: 2,
        duration_ms: 1_234,
        started_at: new Date(startedAt),
      },
    ]);
  });

  test('a replay is a row that wrote nothing', async () => {
    await usage.record(call('replay'), 'replayed');
    expect(await rows('replay')).toMatchObject([{ status: 'replayed', wrote: 'no', upstream_requests: 0, duration_ms: 5 }]);
  });

  test('the same call recorded again, or twice in one write, is one row with the first outcome', async () => {
    const twice = () => usage.record(call('twice'), outcome);
    await Promise.all([twice(), twice(), twice(), twice()]);
    await usage.record(call('twice'), { ...outcome, status: 'failed' });
    expect(await rows('twice')).toMatchObject([{ status: 'executed' }]);
  });

  test('a burst is written in few statements, each row once', async () => {
    await Promise.all(Array.from({ length: 1_200 }, (_, index) => usage.record(call(`burst-${index}`), outcome)));
    expect(await rows('burst-')).toHaveLength(1_200);
  });

  test('a database that is gone is UNAVAILABLE, and its error stays inside', async () => {
    const elsewhere = await place();
    const closed = await openDatabase(elsewhere.options);
    const late = createUsage(closed, { now: () => startedAt, sleep: () => Promise.reject(new Error('not used')) });
    await closed.close();
    await expect(late.record(call('late'), outcome)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'This server cannot record usage at the moment. Try again in a few seconds.',
    });
    await elsewhere.remove();
  });
});
