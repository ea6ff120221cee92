import { expect, test } from 'vitest';
import { memoryMetering, ToolError, type Call, type Metering, type Outcome } from '../../src/index.ts';
import { meteringChecks } from '../../src/testing/index.ts';

type Breaks = (sound: Metering) => Metering;

const withCall =
  (change: (call: Call) => Call): Breaks =>
  (sound) => ({ ...sound, admit: (call, signal) => sound.admit(change(call), signal) });

const withOutcome =
  (change: (outcome: Outcome) => Outcome): Breaks =>
  (sound) => ({ ...sound, settle: (admission, outcome) => sound.settle(admission, change(outcome)) });

/** Deliberately broken meterings, each with a promise that it breaks. */
const broken: readonly (readonly [string, Breaks, string])[] = [
  ['forgets keys', withCall((call) => ({ ...call, key: undefined })), 'answers a repeated key with the first answer'],
  ['keeps keys per caller', withCall((call) => ({ ...call, key: `${call.principal.id} ${call.key}` })), 'answers a repeated key'],
  ['keeps half an answer', withOutcome((o) => ({ ...o, answer: { content: o.answer.content } })), 'gives back every answer as it was'],
  ['ignores arguments', withCall((call) => ({ ...call, inputHash: '' })), 'refuses a key that comes with other arguments'],
  ['mixes tenants', withCall((call) => ({ ...call, principal: { ...call.principal, tenant: 'one' } })), 'keeps the keys of tenants'],
  ['mixes connections', withCall((call) => ({ ...call, connection: 'one' })), 'keeps the keys of tenants'],
  ['mixes tools', withCall((call) => ({ ...call, tool: 'one' })), 'keeps the keys of tenants'],
  ['trims keys', withCall((call) => ({ ...call, ...(call.key && { key: call.key.trim() }) })), 'takes any text for a key'],
  ['claims for reads', withCall((call) => ({ ...call, effect: 'write' })), 'runs every read'],
  ['keeps failures', withOutcome((o) => ({ ...o, wrote: 'yes' })), 'runs a key again that ended as failed'],
  [
    'repeats what may have been written',
    withOutcome((o) => (o.status === 'unknown' ? { ...o, status: 'failed', wrote: 'no' } : o)),
    'never runs a key again that ended as unknown',
  ],
  ['repeats queued work', withOutcome((o) => (o.status === 'accepted' ? { ...o, status: 'asked' } : o)), 'as accepted with wrote: no'],
  ['settles again', settlesAgain, 'changes nothing when a call is settled twice'],
  ['takes a report once', takesAReportOnce, 'takes the reports of accepted calls'],
  ['refuses twins', refusesTwins, 'lets a twin of a running call wait'],
  ['lets every waiting twin run', letsEveryTwinRun, 'lets exactly one of many waiting twins run'],
  ['claims late', claimsLate, 'runs one of 100 calls'],
  [
    'ignores the signal',
    (sound) => ({ ...sound, admit: (call) => sound.admit(call, new AbortController().signal) }),
    'ends a waiting twin',
  ],
  ['loses the claim of a twin that leaves', losesTheClaim, 'ends a waiting twin'],
  ['lets an earlier run end a later one', settlesByKey, 'keeps a later run'],
];

test.each(broken)('a metering that %s is found out', async (_, breaks, promise) => {
  const checks = meteringChecks(async () => ({ metering: breaks(memoryMetering()), close: async () => {} }));
  const concerned = checks.filter(({ name }) => name.includes(promise));
  expect(concerned).not.toEqual([]);
  const results = await Promise.all(concerned.map(({ run }) => foundOut(run())));
  expect(results.filter((result) => result !== 'passed')).not.toEqual([]);
});

test('two handles that share nothing are found out wherever two are used', async () => {
  const checks = meteringChecks(async () => ({ metering: memoryMetering(), second: memoryMetering(), close: async () => {} }));
  const results = await Promise.all(checks.map(async ({ name, run }) => ((await foundOut(run())) === 'passed' ? [name] : [])));
  expect(results.flat()).toEqual([
    'keeps the keys of tenants, connections and tools apart',
    'runs every read and every call without a key, whatever ran before or runs now',
    'runs a key again that ended as failed with wrote: no, with other arguments too',
    'runs a key again that ended as asked with wrote: no, with other arguments too',
    'takes the reports of accepted calls, a repeated one too',
  ]);
});

test('what a check opens is closed, kept promise or broken', async () => {
  let open = 0;
  const checks = meteringChecks(async () => {
    open += 1;
    return { metering: refusesTwins(memoryMetering()), close: async () => void (open -= 1) };
  });
  await Promise.all(checks.map(({ run }) => foundOut(run())));
  expect(open).toBe(0);
});

/** `passed`, or why not; a check that hangs on a broken metering has found it out too. */
async function foundOut(check: Promise<void>): Promise<string> {
  const idle = (async () => {
    for (let turn = 0; turn < 200; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
    return 'hangs';
  })();
  return await Promise.race([check.then(() => 'passed', String), idle]);
}

const keyOf = ({ principal, tool, connection, key }: Call) => JSON.stringify([principal.tenant, connection, tool, key]);

function settlesAgain(sound: Metering): Metering {
  const answers = new Map<string, Outcome['answer']>();
  return {
    ...sound,
    async admit(call, signal) {
      const admitted = await sound.admit(call, signal);
      const answer = answers.get(keyOf(call));
      return admitted.kind === 'replay' && answer ? { kind: 'replay', answer } : admitted;
    },
    async settle(admission, outcome) {
      answers.set(keyOf(admission.call), outcome.answer);
      await sound.settle(admission, outcome);
    },
  };
}

function takesAReportOnce(sound: Metering): Metering {
  const seen = new Set<string>();
  return {
    ...sound,
    async report(report) {
      if (seen.has(report.accepted)) throw new Error('duplicate key');
      seen.add(report.accepted);
    },
  };
}

function refusesTwins(sound: Metering): Metering {
  const running = new Set<string>();
  return {
    ...sound,
    async admit(call, signal) {
      if (running.has(keyOf(call))) throw new ToolError('CONFLICT', 'This call runs already.');
      const admitted = await sound.admit(call, signal);
      running.add(keyOf(call));
      return admitted;
    },
    async settle(admission, outcome) {
      running.delete(keyOf(admission.call));
      await sound.settle(admission, outcome);
    },
  };
}

function letsEveryTwinRun(sound: Metering): Metering {
  const ended = new Map<string, PromiseWithResolvers<Outcome>>();
  return {
    ...sound,
    async admit(call, signal) {
      const twin = ended.get(keyOf(call));
      if (!twin) ended.set(keyOf(call), Promise.withResolvers());
      else if ((await twin.promise).wrote === 'no') return { kind: 'run', admission: { call } };
      return await sound.admit(call, signal);
    },
    async settle(admission, outcome) {
      ended.get(keyOf(admission.call))?.resolve(outcome);
      await sound.settle(admission, outcome);
    },
  };
}

/** Looks first and claims after: what comes in between is not seen. */
function claimsLate(sound: Metering): Metering {
  const claimed = new Set<string>();
  return {
    ...sound,
    async admit(call, signal) {
      const taken = claimed.has(keyOf(call));
      await Promise.resolve();
      claimed.add(keyOf(call));
      return taken ? await sound.admit(call, signal) : { kind: 'run', admission: { call } };
    },
  };
}

function losesTheClaim(sound: Metering): Metering {
  let lost = false;
  return {
    ...sound,
    async admit(call, signal) {
      try {
        return lost && call.key === 'k1' ? { kind: 'run', admission: { call } } : await sound.admit(call, signal);
      } catch (error) {
        lost = true;
        throw error;
      }
    },
  };
}

function settlesByKey(sound: Metering): Metering {
  const latest = new Map<string, Parameters<Metering['settle']>[0]>();
  return {
    ...sound,
    async admit(call, signal) {
      const admitted = await sound.admit(call, signal);
      if (admitted.kind === 'run') latest.set(keyOf(call), admitted.admission);
      return admitted;
    },
    settle: (admission, outcome) => sound.settle(latest.get(keyOf(admission.call)) ?? admission, outcome),
  };
}
