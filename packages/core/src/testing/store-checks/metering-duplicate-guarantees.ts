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

/** What calls with one key do to each other while they run. */
export const meteringDuplicateGuarantees: readonly MeteringGuarantee[] = [
  {
    name: 'lets a twin of a running call wait, and answers it with what that call ended with',
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call());
      const twins = [metering.admit(call(), staying), other.admit(call(), staying)];
      deepEqual(await Promise.all(twins.map((twin) => hasEnded(twin, metering))), [false, false], 'a twin did not wait');
      await metering.settle(admission, ending('executed', 'yes', 'made 1'));
      deepEqual(await Promise.all(twins), [replayOf('made 1'), replayOf('made 1')]);
    },
  },
  {
    name: 'lets exactly one of many waiting twins run where the first failed without a write, and the others wait for it',
    async prove(metering, other) {
      const call = callsOfATenant();
      const first = await admitToRun(metering, call());
      const waiting = Array.from({ length: 10 }, async (_, index) => {
        const at = index % 2 === 0 ? metering : other;
        return { at, admitted: await at.admit(call(), staying) };
      });
      await metering.settle(first, ending('failed', 'no'));
      const { at, admitted } = await Promise.race(waiting);
      if (admitted.kind !== 'run') return equal(admitted.kind, 'run', 'a twin was answered from a call that did nothing');
      equal(await hasEnded(Promise.race(waiting.map(async (twin) => ((await twin).admitted === admitted ? never : twin))), at), false);
      await at.settle(admitted.admission, ending('executed', 'yes', 'made 2'));
      const others = (await Promise.all(waiting)).map((twin) => twin.admitted).filter((result) => result !== admitted);
      deepEqual(
        others,
        Array.from({ length: 9 }, () => replayOf('made 2')),
      );
    },
  },
  {
    name: 'runs one of 100 calls that come at once with one key, and answers 99 with its answer',
    async prove(metering, other) {
      const call = callsOfATenant();
      let runs = 0;
      const texts = await Promise.all(
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
      for (const text of texts) deepEqual(text, answerOf('made 1'));
    },
  },
  {
    name: 'ends a waiting twin with the reason of its signal, and leaves the claim as it was',
    async prove(metering, other) {
      const call = callsOfATenant();
      const admission = await admitToRun(metering, call());
      for (const at of [metering, other]) {
        const caller = new AbortController();
        const twin = at.admit(call(), caller);
        equal(await hasEnded(twin, metering), false, 'a twin did not wait');
        const gone = new Error('gone');
        caller.abort(gone);
        equal(await twin.catch((error: unknown) => error), gone);
      }
      await metering.settle(admission, ending('failed', 'no'));
      await other.settle(await admitToRun(other, call()), ending('executed', 'yes', 'made 2'));
      await admitToReplay(metering, call(), 'made 2');
    },
  },
  {
    name: 'keeps a later run of a key from being ended by an earlier one',
    async prove(metering, other) {
      const call = callsOfATenant();
      const first = await admitToRun(metering, call());
      await metering.settle(first, ending('failed', 'no'));
      const second = await admitToRun(other, call());
      await metering.settle(first, ending('executed', 'yes', 'late'));
      const twin = metering.admit(call(), staying);
      equal(await hasEnded(twin, metering), false, 'an ended call ended another');
      await other.settle(second, ending('executed', 'yes', 'made 2'));
      deepEqual(await twin, replayOf('made 2'));
    },
  },
];

const never = new Promise<never>(() => {});
