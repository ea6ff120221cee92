import {
  isCharged,
  memoryMetering,
  ToolError,
  type Admission,
  type Call,
  type Metering,
  type Outcome,
  type UsagePolicy,
} from '../../../src/index.ts';

type Breaks = (sound: Metering, policy: UsagePolicy) => Metering;

/** Changes the call for the metering, and returns admissions with the original call, so that checks find only the effect of the change. */
const withCall =
  (change: (call: Call) => Call): Breaks =>
  (sound) => {
    const inner = new WeakMap<Admission, Admission>();
    return {
      ...sound,
      async admit(call, options) {
        const admitted = await sound.admit(change(call), options);
        if (admitted.kind === 'replay') return admitted;
        const admission = { call };
        inner.set(admission, admitted.admission);
        return { kind: 'run', admission };
      },
      settle: (admission, outcome) => sound.settle(inner.get(admission) ?? admission, outcome),
    };
  };

const withPolicy =
  (change: (policy: UsagePolicy) => UsagePolicy): Breaks =>
  (_, policy) =>
    memoryMetering(change(policy));

const withOutcome =
  (change: (outcome: Outcome) => Outcome): Breaks =>
  (sound) => ({ ...sound, settle: (admission, outcome) => sound.settle(admission, change(outcome)) });

/** Records calls with another outcome: all calls, or those with a status. */
const recordsAs =
  (change: Partial<Outcome>, status?: Outcome['status']): Breaks =>
  (sound) => ({
    ...sound,
    record: (call, o) => sound.record(call, status === undefined || o.status === status ? { ...o, ...change } : o),
  });

/** Broken meterings, each with a part of the name of a check that must fail. */
export const brokenMeterings: readonly (readonly [string, Breaks, string])[] = [
  ['forgets keys', withCall((call) => ({ ...call, key: undefined })), 'answers a repeated key with the first answer'],
  ['keeps keys for each caller', withCall((call) => ({ ...call, key: `${call.principal.id} ${call.key}` })), 'answers a repeated key'],
  ['keeps half an answer', withOutcome((o) => ({ ...o, answer: { content: o.answer.content } })), 'replays every answer unchanged'],
  ['ignores arguments', withCall((call) => ({ ...call, inputHash: '' })), 'refuses a key with different arguments'],
  ['mixes tenants', withCall((call) => ({ ...call, principal: { ...call.principal, tenant: 'one' } })), 'keeps the keys of tenants'],
  ['mixes connections', withCall((call) => ({ ...call, connection: 'one' })), 'keeps the keys of tenants'],
  ['mixes tools', withCall((call) => ({ ...call, tool: 'one' })), 'keeps the keys of tenants'],
  ['trims keys', withCall((call) => ({ ...call, ...(call.key && { key: call.key.trim() }) })), 'accepts any text as a key, and'],
  ['claims for reads', withCall((call) => ({ ...call, effect: 'write' })), 'runs every read'],
  ['keeps failures', withOutcome((o) => ({ ...o, wrote: 'yes' })), 'runs a key again after its call ended as failed'],
  [
    'repeats writes that may have happened',
    withOutcome((o) => (o.status === 'unknown' ? { ...o, status: 'failed', wrote: 'no' } : o)),
    'never runs a key again after its call ended as unknown',
  ],
  ['repeats queued work', withOutcome((o) => (o.status === 'accepted' ? { ...o, status: 'asked' } : o)), 'as accepted with wrote: no'],
  ['settles again', settlesAgain, 'changes nothing when a call is settled twice'],
  ['takes a report once', takesAReportOnce, 'accepts reports about accepted calls'],
  ['refuses duplicates', refusesDuplicates, 'makes a duplicate of a running call wait'],
  ['lets every waiting duplicate run', letsEveryDuplicateRun, 'runs exactly one of many waiting duplicates'],
  ['claims late', claimsLate, 'runs one of 100 concurrent calls'],
  [
    'ignores the signal',
    (sound) => ({ ...sound, admit: (call) => sound.admit(call, new AbortController()) }),
    'rejects a waiting duplicate',
  ],
  ['loses the claim when a duplicate leaves', losesTheClaim, 'rejects a waiting duplicate'],
  ['lets an earlier run end a later one', settlesByKey, 'does not let an earlier run of a key'],
  ['admits one call too many under concurrency', admitsOneTooMany, 'admits exactly as many calls'],
  ['reads a quota first and charges it later', chargesLate, 'admits exactly as many calls'],
  [
    'enforces only the first of several quotas',
    withPolicy(({ quotas = [] }) => ({ quotas: quotas.slice(0, 1) })),
    'enforces each of several quotas',
  ],
  [
    'enforces only the last of several quotas',
    withPolicy(({ quotas = [] }) => ({ quotas: quotas.slice(-1) })),
    'enforces each of several quotas',
  ],
  ['charges one quota when another is used up', chargesOneByOne, 'enforces each of several quotas'],
  ['counts every call as one unit', withCall((call) => ({ ...call, units: 1 })), 'enforces each of several quotas'],
  ['counts a call of zero units as one unit', withCall((call) => ({ ...call, units: call.units || 1 })), 'enforces each of several quotas'],
  ['lets a refused call block other calls', countsTheRefused, 'does not let a call that exceeds a quota'],
  ['charges a quota for a repetition', chargesRepetitions, 'does not let a repeated key'],
  ['refuses a repetition when the quota is used up', refusesRepetitions, 'does not let a repeated key'],
  ['leaves a claim when a quota refuses a call', leavesClaims, 'leaves no claim when a quota refuses a call'],
  ['never refunds', withOutcome((o) => (isCharged(o) ? o : { ...o, status: 'executed' })), 'failed through the vendor’s fault'],
  [
    'keeps the charge of a call that asked',
    withOutcome((o) => (o.status === 'asked' ? { ...o, status: 'executed' } : o)),
    'ended as asked',
  ],
  [
    'keeps the charge of a failure without a code',
    withOutcome((o) => ({ ...o, code: o.code ?? 'NOT_FOUND' })),
    'ended as failed without a code',
  ],
  ['refunds everything', withOutcome((o) => ({ ...o, status: 'asked', wrote: 'no' })), 'ended as executed'],
  ['refunds an answer of the cache', withOutcome((o) => (o.status === 'cached' ? { ...o, status: 'asked' } : o)), 'ended as cached'],
  ['refunds queued work', withOutcome((o) => (o.status === 'accepted' ? { ...o, status: 'asked', wrote: 'no' } : o)), 'ended as accepted'],
  [
    'refunds an unknown outcome',
    withOutcome((o) => (o.status === 'unknown' ? { ...o, status: 'failed', wrote: 'no' } : o)),
    'ended as unknown',
  ],
  ['refunds every failure', withOutcome((o) => ({ ...o, code: undefined })), 'failed through the caller’s fault'],
  ['refunds a failure after a write', withOutcome((o) => (o.status === 'failed' ? { ...o, wrote: 'no' } : o)), 'failed after a write'],
  ['counts no money', withPolicy((policy) => ({ ...policy, prices: [] })), 'ended as executed'],
  [
    'counts no units',
    withPolicy(({ quotas = [], ...policy }) => ({ ...policy, quotas: quotas.filter(({ of }) => of !== 'units') })),
    'as executed',
  ],
  ['ignores which statuses are free', withPolicy((policy) => ({ ...policy, prices: [{ perCall: 100 }] })), 'refunds only the money'],
  [
    'refunds everything for a free status',
    withOutcome((o) => (o.status === 'cached' ? { ...o, status: 'asked' } : o)),
    'refunds only the money',
  ],
  ['refunds twice', refundsTwice, 'refunds once'],
  ['counts tenants together', withCall((call) => ({ ...call, principal: { ...call.principal, tenant: 'one' } })), 'counts per tenant'],
  ['counts keys together', withCall((call) => ({ ...call, principal: { ...call.principal, id: 'one' } })), 'counts per tenant'],
  ['counts each key of a tool’s quota', withEach('key'), 'counts per tenant'],
  ['counts each tool of a connector’s quota', withEach('tool'), 'counts per tenant'],
  [
    'counts calls that a rule does not select',
    withPolicy(({ quotas = [] }) => ({ quotas: quotas.map((rule) => ({ ...rule, where: undefined })) })),
    'counts per tenant',
  ],
  ['ignores periods', withCall((call) => ({ ...call, startedAt: 0 })), 'starts a new count'],
  ['begins a period a millisecond early', withCall((call) => ({ ...call, startedAt: call.startedAt + 1 })), 'starts a new count'],
  ['records without counting', (sound) => ({ ...sound, record: async () => {} }), 'admits and records together'],
  [
    'counts recorded calls separately',
    (sound, policy) => ({ ...sound, record: memoryMetering(policy).record }),
    'admits and records together',
  ],
  ['refunds every recorded call', recordsAs({ status: 'asked' }), 'recorded as executed'],
  ['refunds a call that is recorded as cached', recordsAs({ status: 'asked' }, 'cached'), 'recorded as cached'],
  ['charges a call that is recorded as asked', recordsAs({ status: 'executed' }, 'asked'), 'recorded as asked'],
  [
    'charges a call that is recorded as a failure',
    recordsAs({ status: 'executed' }, 'failed'),
    'recorded as failed through the vendor’s fault',
  ],
  ['records uncharged calls even if the quota is used up', recordsUncharged, 'would not have admitted'],
  ['charges money for a recorded call that is free', recordsAs({ status: 'executed' }, 'cached'), 'charges no money'],
  ['begins a period a millisecond late', withCall((call) => ({ ...call, startedAt: call.startedAt - 1 })), 'starts a new count'],
];

const keyOf = ({ principal, tool, connection, key }: Call) => JSON.stringify([principal.tenant, connection, tool, key]);

function settlesAgain(sound: Metering): Metering {
  const answers = new Map<string, Outcome['answer']>();
  return {
    ...sound,
    async admit(call, options) {
      const admitted = await sound.admit(call, options);
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
  const accepted = new Set<string>();
  return {
    ...sound,
    async report(report) {
      if (accepted.has(report.accepted)) throw new Error('duplicate key');
      accepted.add(report.accepted);
    },
  };
}

export function refusesDuplicates(sound: Metering): Metering {
  const running = new Set<string>();
  return {
    ...sound,
    async admit(call, options) {
      if (running.has(keyOf(call))) throw new ToolError('CONFLICT', 'This call runs already.');
      const admitted = await sound.admit(call, options);
      running.add(keyOf(call));
      return admitted;
    },
    async settle(admission, outcome) {
      running.delete(keyOf(admission.call));
      await sound.settle(admission, outcome);
    },
  };
}

function letsEveryDuplicateRun(sound: Metering): Metering {
  const ended = new Map<string, PromiseWithResolvers<Outcome>>();
  return {
    ...sound,
    async admit(call, options) {
      const earlier = ended.get(keyOf(call));
      if (!earlier) ended.set(keyOf(call), Promise.withResolvers());
      else if ((await earlier.promise).wrote === 'no') return { kind: 'run', admission: { call } };
      return await sound.admit(call, options);
    },
    async settle(admission, outcome) {
      ended.get(keyOf(admission.call))?.resolve(outcome);
      await sound.settle(admission, outcome);
    },
  };
}

/** Looks first and claims later, so it misses calls that arrive in between. */
function claimsLate(sound: Metering): Metering {
  const claimed = new Set<string>();
  return {
    ...sound,
    async admit(call, options) {
      const isTaken = claimed.has(keyOf(call));
      await Promise.resolve();
      claimed.add(keyOf(call));
      return isTaken ? await sound.admit(call, options) : { kind: 'run', admission: { call } };
    },
  };
}

function losesTheClaim(sound: Metering): Metering {
  let lost = false;
  return {
    ...sound,
    async admit(call, options) {
      try {
        return lost && call.key === 'k1' ? { kind: 'run', admission: { call } } : await sound.admit(call, options);
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
    async admit(call, options) {
      const admitted = await sound.admit(call, options);
      if (admitted.kind === 'run') latest.set(keyOf(call), admitted.admission);
      return admitted;
    },
    settle: (admission, outcome) => sound.settle(latest.get(keyOf(admission.call)) ?? admission, outcome),
  };
}

const isQuotaRefusal = (error: unknown): boolean => ToolError.is(error) && error.code === 'QUOTA_EXCEEDED';
const quotaRefusal = () => new ToolError('QUOTA_EXCEEDED', 'Used up.');

function withEach(each: 'key' | 'tool'): Breaks {
  return withPolicy(({ quotas = [] }) => ({ quotas: quotas.map((rule) => ({ ...rule, each })) }));
}

/** Runs some of the calls that the quota refuses. */
function runsRefused(sound: Metering, runs: (call: Call) => boolean): Metering {
  return {
    ...sound,
    async admit(call, options) {
      try {
        return await sound.admit(call, options);
      } catch (error) {
        if (isQuotaRefusal(error) && runs(call)) return { kind: 'run', admission: { call } };
        throw error;
      }
    },
  };
}

function admitsOneTooMany(sound: Metering): Metering {
  let left = 1;
  return runsRefused(sound, () => left-- > 0);
}

/** Misses calls that arrive between the look and the charge. */
function chargesLate(_: Metering, { quotas: [rule] = [] }: UsagePolicy): Metering {
  const sound = memoryMetering();
  let used = 0;
  return {
    ...sound,
    async admit(call, options) {
      if (rule && used >= rule.limit) throw quotaRefusal();
      await Promise.resolve();
      used += 1;
      return await sound.admit(call, options);
    },
  };
}

function chargesOneByOne(_: Metering, { quotas = [] }: UsagePolicy): Metering {
  const meterings = quotas.map((rule) => memoryMetering({ quotas: [rule] }));
  const [first = memoryMetering(), ...others] = meterings;
  return {
    ...first,
    async admit(call, options) {
      const admitted = await first.admit(call, options);
      for (const other of others) await other.admit(call, options);
      return admitted;
    },
  };
}

/** Counts like a sum over a batch that is not corrected for refused calls. */
function countsTheRefused(_: Metering, { quotas: [rule] = [] }: UsagePolicy): Metering {
  const sound = memoryMetering();
  let wanted = 0;
  return {
    ...sound,
    async admit(call, options) {
      wanted += call.units;
      if (rule && wanted > rule.limit) throw quotaRefusal();
      return await sound.admit(call, options);
    },
  };
}

function chargesRepetitions(sound: Metering, policy: UsagePolicy): Metering {
  const gate = memoryMetering(policy);
  return {
    ...sound,
    async admit(call, options) {
      await gate.admit({ ...call, key: undefined }, options);
      return await sound.admit(call, options);
    },
  };
}

/** Checks the quota before the claim, without charging it. */
function refusesRepetitions(sound: Metering): Metering {
  const full = new Set<string>();
  return {
    ...sound,
    async admit(call, options) {
      if (full.has(call.principal.tenant)) throw quotaRefusal();
      try {
        return await sound.admit(call, options);
      } catch (error) {
        if (isQuotaRefusal(error)) full.add(call.principal.tenant);
        throw error;
      }
    },
  };
}

function leavesClaims(sound: Metering): Metering {
  const claims = new Map<string, string>();
  return {
    ...sound,
    async admit(call, options) {
      const claimed = claims.get(keyOf(call));
      if (claimed !== undefined && claimed !== call.inputHash) throw new ToolError('IDEMPOTENCY_CONFLICT', 'Used before.');
      try {
        return await sound.admit(call, options);
      } catch (error) {
        claims.set(keyOf(call), call.inputHash);
        throw error;
      }
    },
  };
}

function recordsUncharged(sound: Metering): Metering {
  return { ...sound, record: async (call, outcome) => (isCharged(outcome) ? await sound.record(call, outcome) : undefined) };
}

function refundsTwice(sound: Metering): Metering {
  const settled = new Set<Admission>();
  let spare = 0;
  return {
    ...runsRefused(sound, () => spare-- > 0),
    async settle(admission, outcome) {
      if (settled.has(admission) && !isCharged(outcome)) spare = 1;
      settled.add(admission);
      await sound.settle(admission, outcome);
    },
  };
}
