import { ToolError, type Answer, type CallResult, type ErrorCode, type Host } from '@busbar/core';
import { manualClock } from '@busbar/core/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { letterOf, type DeadLetterRow } from '../src/dead-letter.ts';
import { writeLetters } from '../src/dead-letter-writes.ts';
import { createDeadLetters, openDatabase, type Database, type DeadLetters } from '../src/index.ts';
import { createSeal } from '../src/seal.ts';
import { kinds, type Place } from './databases.ts';
import { answerOf, callOf, ending, staying } from './ledger.ts';

const secret = 'a secret of the tests, which is long enough';
const seal = createSeal(secret, 'dead-letters');

/** The letter of a call under a key, which is the same whatever it failed with. */
function letterFor(key: string, code: ErrorCode = 'RATE_LIMITED'): DeadLetterRow {
  const letter = letterOf(callOf({ key, arguments: { a: 1 } }), ending('failed', 'no', { code, answer: answerOf(code) }), seal);
  if (typeof letter !== 'object') throw new Error('left no letter');
  return letter;
}

const refused = (code: ErrorCode): Answer => ({
  ...answerOf(`${code}: No.`),
  isError: true,
  meta: { 'busbar/error': { code, callId: 'new' } },
});
const answered = (answer: Answer) => async (): Promise<CallResult> => ({ kind: 'answer', answer });

describe.each(kinds)('what a replay makes of an answer, on $kind', ({ kind, place }) => {
  let at: Place;
  let database: Database;
  let letters: DeadLetters;
  const clock = manualClock();

  beforeAll(async () => {
    at = await place();
    database = await openDatabase(at.options);
    letters = createDeadLetters(database, { secret, clock });
  });
  afterAll(async () => {
    await database.close();
    await at.remove();
  });
  afterEach(async () => void (await letters.discard({})));

  const write = (...rows: DeadLetterRow[]) => writeLetters(database.db, rows, 1_000);
  const listed = async () => (await letters.list({})).letters;
  const replay = async (call: Host['call']) => (await letters.replay({}, { call, signal: staying.signal })).letters;

  test('the call is that of then', async () => {
    await write(letterFor('k1'));
    const asked: unknown[] = [];
    await replay(async ({ signal: _, ...request }) => {
      asked.push(request);
      return { kind: 'answer', answer: answerOf('done') };
    });
    const { principal, tool, connection } = callOf();
    expect(asked).toEqual([{ principal, tool, connection, arguments: { a: 1 }, idempotencyKey: 'k1' }]);
  });

  const done: Answer = { ...answerOf('too large to show'), isError: true, meta: { 'busbar/outcome': 'executed' } };
  test.each<[string, Host['call']]>([
    ['a success', answered(answerOf('done'))],
    ['what was carried out and cannot be shown', answered(done)],
  ])('%s is done', async (_, call) => {
    await write(letterFor('k1'));
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
  ])('%s is a failure for good', async (code, call) => {
    await write(letterFor('k1'));
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
  ])('%s is a failure that somebody can put right, and the new cause', async (code, call) => {
    await write(letterFor('k1'));
    await clock.advance(1_000);
    const [letter] = await replay(call);
    expect(letter).toMatchObject({ outcome: 'failed', kept: true, code });
    expect(await listed()).toMatchObject([{ code, message: letter?.message, attempts: 2, failedAt: clock.now() }]);
  });

  test('a letter names the newest call that failed', async () => {
    await write(letterFor('k1'));
    await replay(answered(refused('QUOTA_EXCEEDED')));
    expect(await listed()).toMatchObject([{ callId: 'new' }]);
  });

  test.each<[string, Answer]>([
    ['a success', answerOf('done')],
    ['a failure for good', refused('NOT_FOUND')],
    ['a failure that may pass', refused('UNAVAILABLE')],
  ])('%s leaves a letter alone that has taken the place of the one that was read', async (_, answer) => {
    await write(letterFor('k1'));
    const newer = letterFor('k1', 'CIRCUIT_OPEN');
    await replay(async () => {
      await write(newer);
      return { kind: 'answer', answer };
    });
    expect(await listed()).toMatchObject([{ callId: newer.call_id, code: 'CIRCUIT_OPEN', attempts: 2 }]);
  });

  test('what was discarded before its turn is gone', async () => {
    await write(...Array.from({ length: 6 }, (_, index) => letterFor(`k${index}`)));
    const { counts } = await letters.replay(
      {},
      {
        call: async () => expect.unreachable(),
        signal: staying.signal,
        authorize: async () => {
          await letters.discard({});
          return undefined;
        },
      },
    );
    expect(counts.gone).toBeGreaterThanOrEqual(1);
    expect(counts.gone + counts.refused).toBe(6);
  });

  // PGlite has one connection, so nothing there is locked while another statement runs.
  test.runIf(kind === 'postgresql')('a discard does not wait for what a settlement has in hand', async () => {
    const [held, free] = [letterFor('k1'), letterFor('k2')];
    await write(held, free);
    await database.db.transaction().execute(async (settlement) => {
      await settlement.updateTable('dead_letters').set({ code: 'OVERLOADED' }).where('id', '=', held.id).execute();
      expect(await letters.discard({})).toBe(1);
    });
    expect(await listed()).toMatchObject([{ id: held.id, code: 'OVERLOADED' }]);
  });
});
