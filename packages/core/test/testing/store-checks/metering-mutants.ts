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

/** Shows the call as it came, so that only what the change does is found out. */
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

const withTerms =
  (change: (policy: UsagePolicy) => UsagePolicy): Breaks =>
  (_, policy) =>
    memoryMetering(change(policy));

const withOutcome =
  (change: (outcome: Outcome) => Outcome): Breaks =>
  (sound) => ({ ...sound, settle: (admission, outcome) => sound.settle(admission, change(outcome)) });

/** Records calls that ended like this, or all, as if they had ended otherwise. */
const recordsAs =
  (change: Partial<Outcome>, status?: Outcome['status']): Breaks =>
  (sound) => ({
    ...sound,
    record: (call, o) => sound.record(call, status === undefined || o.status === status ? { ...o, ...change } : o),
  });

/** Deliberately broken meterings, each with a promise that it breaks. */
export const broken: readonly (readonly [string, Breaks, string])[] = [
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
  ['ignores the signal', (sound) => ({ ...sound, admit: (call) => sound.admit(call, new AbortController()) }), 'ends a waiting twin'],
  ['loses the claim of a twin that leaves', losesTheClaim, 'ends a waiting twin'],
  ['lets an earlier run end a later one', settlesByKey, 'keeps a later run'],
  ['oversells by one under concurrency', oversellsByOne, 'gives exactly as many calls'],
  ['looks at a quota first and takes of it after', takesLate, 'gives exactly as many calls'],
  ['holds the first of several quotas alone', withTerms(({ quotas = [] }) => ({ quotas: quotas.slice(0, 1) })), 'holds every one'],
  ['holds the last of several quotas alone', withTerms(({ quotas = [] }) => ({ quotas: quotas.slice(-1) })), 'holds every one'],
  ['takes of one quota where another is used up', takesOneByOne, 'holds every one'],
  ['counts every call as one unit', withCall((call) => ({ ...call, units: 1 })), 'holds every one'],
  ['counts a call of no units as one', withCall((call) => ({ ...call, units: call.units || 1 })), 'holds every one'],
  ['lets a refused call keep others out', countsTheRefused, 'lets no call that does not fit'],
  ['takes of a quota for a repetition too', gatesRepetitions, 'lets no repeated key'],
  ['refuses a repetition when nothing is left', refusesRepetitions, 'lets no repeated key'],
  ['leaves a claim where a quota refuses', leavesClaims, 'leaves no claim where a quota refuses'],
  ['never gives back', withOutcome((o) => (isCharged(o) ? o : { ...o, status: 'executed' })), 'failed by the vendor’s fault'],
  ['keeps what asked', withOutcome((o) => (o.status === 'asked' ? { ...o, status: 'executed' } : o)), 'ended as asked'],
  ['keeps what failed without a code', withOutcome((o) => ({ ...o, code: o.code ?? 'NOT_FOUND' })), 'ended as failed without a code'],
  ['gives everything back', withOutcome((o) => ({ ...o, status: 'asked', wrote: 'no' })), 'ended as executed'],
  ['gives back what the cache answered', withOutcome((o) => (o.status === 'cached' ? { ...o, status: 'asked' } : o)), 'ended as cached'],
  [
    'gives back queued work',
    withOutcome((o) => (o.status === 'accepted' ? { ...o, status: 'asked', wrote: 'no' } : o)),
    'ended as accepted',
  ],
  [
    'gives back the unknown',
    withOutcome((o) => (o.status === 'unknown' ? { ...o, status: 'failed', wrote: 'no' } : o)),
    'ended as unknown',
  ],
  ['gives back every failure', withOutcome((o) => ({ ...o, code: undefined })), 'failed by the caller’s fault'],
  ['gives back what failed after a write', withOutcome((o) => (o.status === 'failed' ? { ...o, wrote: 'no' } : o)), 'failed after a write'],
  ['counts no money', withTerms((policy) => ({ ...policy, prices: [] })), 'ended as executed'],
  [
    'counts no units',
    withTerms(({ quotas = [], ...policy }) => ({ ...policy, quotas: quotas.filter(({ of }) => of !== 'units') })),
    'as executed',
  ],
  ['knows no free ends', withTerms((policy) => ({ ...policy, prices: [{ perCall: 100 }] })), 'gives the money back'],
  ['gives all back of a free end', withOutcome((o) => (o.status === 'cached' ? { ...o, status: 'asked' } : o)), 'gives the money back'],
  ['gives back twice', givesBackTwice, 'gives back once'],
  ['counts tenants together', withCall((call) => ({ ...call, principal: { ...call.principal, tenant: 'one' } })), 'counts for each tenant'],
  ['counts keys together', withCall((call) => ({ ...call, principal: { ...call.principal, id: 'one' } })), 'counts for each tenant'],
  ['counts each key of a tool’s quota', withEach('key'), 'counts for each tenant'],
  ['counts each tool of a connector’s quota', withEach('tool'), 'counts for each tenant'],
  [
    'counts what a rule does not say',
    withTerms(({ quotas = [] }) => ({ quotas: quotas.map((rule) => ({ ...rule, where: undefined })) })),
    'counts for each tenant',
  ],
  ['knows no periods', withCall((call) => ({ ...call, startedAt: 0 })), 'begins anew'],
  ['begins a period a millisecond early', withCall((call) => ({ ...call, startedAt: call.startedAt + 1 })), 'begins anew'],
  ['records without counting', (sound) => ({ ...sound, record: async () => {} }), 'those that are recorded whole'],
  ['counts what is recorded apart', (sound, policy) => ({ ...sound, record: memoryMetering(policy).record }), 'recorded whole'],
  ['gives back all that is recorded', recordsAs({ status: 'asked' }), 'recorded as executed'],
  ['gives back what is recorded as cached', recordsAs({ status: 'asked' }, 'cached'), 'recorded as cached'],
  ['keeps what is recorded as asked', recordsAs({ status: 'executed' }, 'asked'), 'recorded as asked'],
  ['keeps what is recorded as a failure', recordsAs({ status: 'executed' }, 'failed'), 'recorded as failed by the vendor’s fault'],
  ['records what is not charged, whatever is left', recordsTheUnchargedUnasked, 'would not have been admitted'],
  ['takes money for a record that is free', recordsAs({ status: 'executed' }, 'cached'), 'takes no money'],
  ['begins a period a millisecond late', withCall((call) => ({ ...call, startedAt: call.startedAt - 1 })), 'begins anew'],
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
  const seen = new Set<string>();
  return {
    ...sound,
    async report(report) {
      if (seen.has(report.accepted)) throw new Error('duplicate key');
      seen.add(report.accepted);
    },
  };
}

export function refusesTwins(sound: Metering): Metering {
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

function letsEveryTwinRun(sound: Metering): Metering {
  const ended = new Map<string, PromiseWithResolvers<Outcome>>();
  return {
    ...sound,
    async admit(call, options) {
      const twin = ended.get(keyOf(call));
      if (!twin) ended.set(keyOf(call), Promise.withResolvers());
      else if ((await twin.promise).wrote === 'no') return { kind: 'run', admission: { call } };
      return await sound.admit(call, options);
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
    async admit(call, options) {
      const taken = claimed.has(keyOf(call));
      await Promise.resolve();
      claimed.add(keyOf(call));
      return taken ? await sound.admit(call, options) : { kind: 'run', admission: { call } };
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
  return withTerms(({ quotas = [] }) => ({ quotas: quotas.map((rule) => ({ ...rule, each })) }));
}

/** Runs some of the calls that the quota refuses. */
function lets(sound: Metering, runs: (call: Call) => boolean): Metering {
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

function oversellsByOne(sound: Metering): Metering {
  let left = 1;
  return lets(sound, () => left-- > 0);
}

/** What comes between the look and the taking is not seen. */
function takesLate(_: Metering, { quotas: [rule] = [] }: UsagePolicy): Metering {
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

function takesOneByOne(_: Metering, { quotas = [] }: UsagePolicy): Metering {
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

/** As a sum over a batch would, if nothing were asked again. */
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

function gatesRepetitions(sound: Metering, policy: UsagePolicy): Metering {
  const gate = memoryMetering(policy);
  return {
    ...sound,
    async admit(call, options) {
      await gate.admit({ ...call, key: undefined }, options);
      return await sound.admit(call, options);
    },
  };
}

/** Asks the quota before the claim, without taking anything. */
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

function recordsTheUnchargedUnasked(sound: Metering): Metering {
  return { ...sound, record: async (call, outcome) => (isCharged(outcome) ? await sound.record(call, outcome) : undefined) };
}

function givesBackTwice(sound: Metering): Metering {
  const settled = new Set<Admission>();
  let spare = 0;
  return {
    ...lets(sound, () => spare-- > 0),
    async settle(admission, outcome) {
      if (settled.has(admission) && !isCharged(outcome)) spare = 1;
      settled.add(admission);
      await sound.settle(admission, outcome);
    },
  };
}
