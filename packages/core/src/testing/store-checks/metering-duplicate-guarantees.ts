import { deepEqual, equal } from 'node:assert/strict';
import {
  admitToReplay,
  admitToRun,
  answerOf,
  callsOfATenant,
  ending,
  hasEnded,
  staying,
  type MeteringGuarantee,
} from './metering-guarantee.ts';

const replayOf = (text: string) => ({ kind: 'replay', answer: answerOf(text) });

/** Guarantees about calls with the same key that run at the same time. */
export const meteringDuplicateGuarantees: readonly MeteringGuarantee[] = [
  {
    name: 'makes a duplicate of a running call wait, and gives it the answer of that call',
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call());
      const duplicates = [metering.admit(call(), staying), other.admit(call(), staying)];
      deepEqual(
        await Promise.all(duplicates.map((duplicate) => hasEnded(duplicate, metering))),
        [false, false],
        'a duplicate did not wait',
      );
      await metering.settle(admission, ending('executed', 'yes', 'made 1'));
      deepEqual(await Promise.all(duplicates), [replayOf('made 1'), replayOf('made 1')]);
    },
  },
  {
    name: 'runs exactly one of many waiting duplicates after the first call failed without a write, while the others wait for it',
    async prove(metering, other) {
      const call = callsOfATenant();
      const first = await admitToRun(metering, call());
      const waiting = Array.from({ length: 10 }, async (_, index) => {
        const at = index % 2 === 0 ? metering : other;
        return { at, admitted: await at.admit(call(), staying) };
      });
      await metering.settle(first, ending('failed', 'no'));
      const { at, admitted } = await Promise.race(waiting);
      if (admitted.kind !== 'run') return equal(admitted.kind, 'run', 'a duplicate was answered from a call that did nothing');
      equal(
        await hasEnded(Promise.race(waiting.map(async (duplicate) => ((await duplicate).admitted === admitted ? never : duplicate))), at),
        false,
      );
      await at.settle(admitted.admission, ending('executed', 'yes', 'made 2'));
      const others = (await Promise.all(waiting)).map((duplicate) => duplicate.admitted).filter((result) => result !== admitted);
      deepEqual(
        others,
        Array.from({ length: 9 }, () => replayOf('made 2')),
      );
    },
  },
  {
    name: 'runs one of 100 concurrent calls with one key, and gives its answer to the other 99',
    async prove(metering, other) {
      const call = callsOfATenant();
      let runs = 0;
      const answers = await Promise.all(
        Array.from({ length: 100 }, async (_, index) => {
          const at = index % 2 === 0 ? metering : other;
          const admitted = await at.admit(call(), staying);
          if (admitted.kind === 'replay') return admitted.answer;
          runs += 1;
          await at.settle(admitted.admission, ending('executed', 'yes', 'made 1'));
          return answerOf('made 1');
        }),
      );
      equal(runs, 1, `${runs} of 100 calls with one key ran`);
      for (const answer of answers) deepEqual(answer, answerOf('made 1'));
    },
  },
  {
    name: 'rejects a waiting duplicate with the reason of its signal, and leaves the claim unchanged',
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call());
      for (const at of [metering, other]) {
        const caller = new AbortController();
        const duplicate = at.admit(call(), caller);
        equal(await hasEnded(duplicate, metering), false, 'a duplicate did not wait');
        const reason = new Error('gone');
        caller.abort(reason);
        equal(await duplicate.catch((error: unknown) => error), reason);
      }
      await metering.settle(admission, ending('failed', 'no'));
      await other.settle(await admitToRun(other, call()), ending('executed', 'yes', 'made 2'));
      await admitToReplay(metering, call(), 'made 2');
    },
  },
  {
    name: 'does not let an earlier run of a key end a later run',
    async prove(metering, other) {
      const call = callsOfATenant();
      const first = await admitToRun(metering, call());
      await metering.settle(first, ending('failed', 'no'));
      const second = await admitToRun(other, call());
      await metering.settle(first, ending('executed', 'yes', 'late'));
      const duplicate = metering.admit(call(), staying);
      equal(await hasEnded(duplicate, metering), false, 'an ended call ended another');
      await other.settle(second, ending('executed', 'yes', 'made 2'));
      deepEqual(await duplicate, replayOf('made 2'));
    },
  },
];

const never = new Promise<never>(() => {});
