import { ToolError, type Answer, type CallResult, type ErrorCode, type Host } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { deadLetterOf, type DeadLetterRow } from '../../src/dead-letters/dead-letter.ts';
import { writeDeadLetters } from '../../src/dead-letters/write.ts';
import { createDeadLetters, openDatabase, type Database, type DeadLetters } from '../../src/index.ts';
import { createSeal } from '../../src/seal.ts';
import { kinds, type Place } from '../support/databases.ts';
import { answerOf, callOf, ending, staying } from '../support/ledger.ts';

const secret = 'a secret of the tests, which is long enough';
const seal = createSeal(secret, 'dead-letters');

/** The dead letter of a call with a key. Its id does not depend on the error. */
function deadLetterRow(key: string, code: ErrorCode = 'RATE_LIMITED'): DeadLetterRow {
  const deadLetter = deadLetterOf(callOf({ key, arguments: { a: 1 } }), ending('failed', 'no', { code, answer: answerOf(code) }), seal);
  if (typeof deadLetter !== 'object') throw new Error('left no dead letter');
  return deadLetter;
}

const refused = (code: ErrorCode): Answer => ({
  ...answerOf(`${code}: No.`),
  isError: true,
  meta: { 'busbar/error': { code, callId: 'new' } },
});
const answered = (answer: Answer) => async (): Promise<CallResult> => ({ kind: 'answer', answer });

describe.each(kinds)('the outcome of a replay on $kind', ({ kind, place }) => {
  let at: Place;
  let database: Database;
  let deadLetters: DeadLetters;
  const clock = manualClock();

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
    deadLetters = createDeadLetters(database, { secret, clock });
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  afterEach(async () => void (await deadLetters.discard({})));

  const write = (...rows: DeadLetterRow[]) => writeDeadLetters(database.db, rows, 1_000);
  const listed = async () => (await deadLetters.list({})).deadLetters;
  const replay = async (call: Host['call']) => (await deadLetters.replay({}, { call, signal: staying.signal })).deadLetters;

  test('the call is the original one', async () => {
    await write(deadLetterRow('k1'));
    const requests: unknown[] = [];
    await replay(async ({ signal: _, ...request }) => {
      requests.push(request);
      return { kind: 'answer', answer: answerOf('done') };
    });
    const { principal, tool, connection } = callOf();
    expect(requests).toEqual([{ principal, tool, connection, arguments: { a: 1 }, idempotencyKey: 'k1' }]);
  });

  const done: Answer = { ...answerOf('too large to show'), isError: true, meta: { 'busbar/outcome': 'executed' } };
  test.each<[string, Host['call']]>([
    ['a success', answered(answerOf('done'))],
    ['a write that was executed and cannot be shown', answered(done)],
  ])('%s is done', async (_, call) => {
    await write(deadLetterRow('k1'));
    expect(await replay(call)).toMatchObject([{ outcome: 'done', kept: false }]);
    expect(await listed()).toEqual([]);
  });

  const hopeless = [
    'INVALID_INPUT',
    'NOT_FOUND',
    'CONFLICT',
    'IDEMPOTENCY_CONFLICT',
    'UPSTREAM_REJECTED',
    'RESULT_TOO_LARGE',
    'ASK_UNSUPPORTED',
  ] as const;
  test.each<[string, Host['call']]>([
    ...hopeless.map((code): [string, Host['call']] => [code, answered(refused(code))]),
    ['ASK_UNSUPPORTED', async () => ({ kind: 'ask', id: 'a', message: 'Sure?', schema: {} })],
  ])('%s is a permanent failure', async (code, call) => {
    await write(deadLetterRow('k1'));
    expect(await replay(call)).toMatchObject([{ outcome: 'failed', kept: false, code }]);
    expect(await listed()).toEqual([]);
  });

  const righted = [
    'UNAUTHENTICATED',
    'FORBIDDEN',
    'CONNECTION_INVALID',
    'QUOTA_EXCEEDED',
    'UPSTREAM_INVALID',
    'INTERNAL',
    'UNAVAILABLE',
  ] as const;
  test.each<[string, Host['call']]>([
    ...righted.map((code): [string, Host['call']] => [code, answered(refused(code))]),
    ['INTERNAL', answered({ ...answerOf('a step of the operator’s said no'), isError: true })],
    [
      'UNAVAILABLE',
      async () => {
        throw new ToolError('UNAVAILABLE', 'Not now.');
      },
    ],
  ])('%s is a failure that a person can fix, and becomes the new cause', async (code, call) => {
    await write(deadLetterRow('k1'));
    await clock.advance(1_000);
    const [deadLetter] = await replay(call);
    expect(deadLetter).toMatchObject({ outcome: 'failed', kept: true, code });
    expect(await listed()).toMatchObject([{ code, message: deadLetter?.message, attempts: 2, failedAt: clock.now() }]);
  });

  test('a dead letter names the newest call that failed', async () => {
    await write(deadLetterRow('k1'));
    await replay(answered(refused('QUOTA_EXCEEDED')));
    expect(await listed()).toMatchObject([{ callId: 'new' }]);
  });

  test.each<[string, Answer]>([
    ['a success', answerOf('done')],
    ['a permanent failure', refused('NOT_FOUND')],
    ['a temporary failure', refused('UNAVAILABLE')],
  ])('%s does not change a dead letter that has replaced the original', async (_, answer) => {
    await write(deadLetterRow('k1'));
    const newer = deadLetterRow('k1', 'CIRCUIT_OPEN');
    await replay(async () => {
      await write(newer);
      return { kind: 'answer', answer };
    });
    expect(await listed()).toMatchObject([{ callId: newer.call_id, code: 'CIRCUIT_OPEN', attempts: 2 }]);
  });

  test('a dead letter that was discarded before its turn is gone', async () => {
    await write(...Array.from({ length: 6 }, (_, index) => deadLetterRow(`k${index}`)));
    const { counts } = await deadLetters.replay(
      {},
      {
        call: async () => expect.unreachable(),
        signal: staying.signal,
        authorize: async () => {
          await deadLetters.discard({});
          return undefined;
        },
      },
    );
    expect(counts.gone).toBeGreaterThanOrEqual(1);
    expect(counts.gone + counts.refused).toBe(6);
  });

  // PGlite has one connection, so no row is locked while another statement runs.
  test.runIf(kind === 'postgresql')('a discard does not wait for a row that a settlement has locked', async () => {
    const [held, free] = [deadLetterRow('k1'), deadLetterRow('k2')];
    await write(held, free);
    await database.db.transaction().execute(async (settlement) => {
      await settlement.updateTable('dead_letters').set({ code: 'OVERLOADED' }).where('id', '=', held.id).execute();
      expect(await deadLetters.discard({})).toBe(1);
    });
    expect(await listed()).toMatchObject([{ id: held.id, code: 'OVERLOADED' }]);
  });
});
