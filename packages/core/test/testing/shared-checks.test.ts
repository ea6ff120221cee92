import { describe, expect, test } from 'vitest';
import {
  memoryBudget,
  memoryCache,
  memoryRateLimit,
  type Budget,
  type Cache,
  type Clock,
  type RateLimit,
  type RateLimitDecision,
  type RateLimitRule,
} from '../../src/index.ts';
import { budgetChecks, cacheChecks, rateLimitChecks, type StoreCheck } from '../../src/testing/index.ts';

const close = async (): Promise<void> => {};
const frozen = (clock: Clock): Clock => ({ ...clock, now: () => Date.UTC(2026, 0, 1) });

/** The names of the checks that find something. */
async function broken(checks: readonly StoreCheck[]): Promise<readonly string[]> {
  const runs = checks.map(async ({ name, run }) => {
    const hung = new Promise<string[]>((resolve) => void waitTurns(2_000).then(() => resolve([name])));
    return await Promise.race([
      hung,
      run().then(
        () => [],
        () => [name],
      ),
    ]);
  });
  return (await Promise.all(runs)).flat();
}

async function waitTurns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A limit that asks each rule by itself, and picks what it tells. */
function ruleByRule(
  rules: readonly RateLimitRule[],
  clock: Clock,
  pick: (all: RateLimitDecision[]) => RateLimitDecision | undefined,
): RateLimit {
  const limits = rules.map((rule) => memoryRateLimit([rule], { clock }));
  return {
    async take(key) {
      const all = await Promise.all(limits.map((limit) => limit.take(key)));
      const refusals = all.filter(({ allowed }) => !allowed);
      return pick(refusals.length > 0 ? refusals : all) ?? { allowed: true, rule: { limit: 1, windowMs: 1 }, remaining: 0, resetMs: 0 };
    },
  };
}

type OpenLimit = (rules: readonly RateLimitRule[], clock: Clock) => { one: RateLimit; other?: RateLimit };
const brokenLimits: readonly (readonly [fault: string, finds: string, open: OpenLimit])[] = [
  [
    'has one count for all keys',
    'keeps the limits of keys apart',
    (rules, clock) => {
      const limit = memoryRateLimit(rules, { clock });
      return { one: { take: () => limit.take('same') } };
    },
  ],
  [
    'knows its first rule alone',
    'lets pass what every rule lets pass, and tells the rule that refuses',
    (rules, clock) => ({ one: memoryRateLimit(rules.slice(0, 1), { clock }) }),
  ],
  [
    'never starts a window anew',
    'lets the limit through, says what is left, then refuses until the window ends',
    (rules, clock) => ({ one: memoryRateLimit(rules, { clock: frozen(clock) }) }),
  ],
  [
    'counts for each replica alone',
    'allows exactly 100 of 200 at once',
    (rules, clock) => ({ one: memoryRateLimit(rules, { clock }), other: memoryRateLimit(rules, { clock }) }),
  ],
  [
    'counts what another rule refused',
    'counts a refused request under no rule',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.remaining - b.remaining)[0]) }),
  ],
  [
    'tells the first rule, whatever the others have left',
    'tells of two rules that let it pass the one with less left',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all[0]) }),
  ],
  [
    'tells the refusal that ends first',
    'tells of two rules that refuse the one that lasts longer',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.resetMs - b.resetMs)[0]) }),
  ],
  [
    'reads, waits, and writes',
    'allows exactly 100 of 200 at once',
    (rules) => {
      const counts = new Map<string, number>();
      const [rule = { limit: 1, windowMs: 1 }] = rules;
      return {
        one: {
          async take(key) {
            const count = counts.get(key) ?? 0;
            await waitTurns(1);
            counts.set(key, count + 1);
            return { allowed: count < rule.limit, rule, remaining: Math.max(0, rule.limit - count - 1), resetMs: rule.windowMs };
          },
        },
      };
    },
  ],
];

type OpenCache = (clock: Clock) => { one: Cache; other?: Cache };
const brokenCaches: readonly (readonly [fault: string, finds: string, open: OpenCache])[] = [
  ['never forgets', 'gives an answer back until its time is over', (clock) => ({ one: memoryCache({ clock: frozen(clock) }) })],
  [
    'keeps for each replica alone',
    'gives an answer back until its time is over',
    (clock) => ({ one: memoryCache({ clock }), other: memoryCache({ clock }) }),
  ],
  [
    'drops the metadata',
    'gives back what was set last, with all that an answer may hold',
    (clock) => {
      const cache = memoryCache({ clock });
      return { one: { ...cache, set: (scope, key, { meta: _, ...rest }, ttlMs) => cache.set(scope, key, rest, ttlMs) } };
    },
  ],
  [
    'does nothing for a time of zero',
    'keeps nothing for a time of zero, and takes away what was there',
    (clock) => {
      const cache = memoryCache({ clock });
      return { one: { ...cache, set: async (scope, key, answer, ms) => (ms > 0 ? await cache.set(scope, key, answer, ms) : undefined) } };
    },
  ],
  [
    'clears nothing',
    'keeps scopes apart, however they and the keys are written, and clears one alone',
    (clock) => ({ one: { ...memoryCache({ clock }), clear: close } }),
  ],
  [
    'joins scope and key with a colon',
    'keeps scopes apart, however they and the keys are written, and clears one alone',
    (clock) => {
      const cache = memoryCache({ clock });
      const one: Cache = {
        get: (scope, key) => cache.get('', `${scope}:${key}`),
        set: (scope, key, answer, ms) => cache.set('', `${scope}:${key}`, answer, ms),
        clear: () => cache.clear(''),
      };
      return { one };
    },
  ],
  [
    'clears by a version that starts again',
    'keeps anew what is set after a clear, and brings nothing older back',
    (clock) => {
      const cache = memoryCache({ clock });
      const versions = new Map<string, number>();
      const at = (scope: string) => `${scope}/${versions.get(scope) ?? 0}`;
      const one: Cache = {
        get: (scope, key) => cache.get(at(scope), key),
        set: (scope, key, answer, ms) => cache.set(at(scope), key, answer, ms),
        clear: async (scope) => void versions.set(scope, ((versions.get(scope) ?? 0) + 1) % 2),
      };
      return { one };
    },
  ],
  [
    'hands out what it keeps',
    'shares nothing with who wrote an answer, nor between those who read it',
    () => {
      const kept = new Map<string, Parameters<Cache['set']>[2]>();
      const one: Cache = { get: async (_, key) => kept.get(key), set: async (_, key, answer) => void kept.set(key, answer), clear: close };
      return { one };
    },
  ],
];

type OpenBudget = (clock: Clock, maxWaiting: number | undefined) => { one: Budget; other?: Budget };
const never = { deadlineAt: Number.POSITIVE_INFINITY };
const brokenBudgets: readonly (readonly [fault: string, finds: string, open: OpenBudget])[] = [
  [
    'grants for each replica alone',
    'gives exactly 100 of 200 at once a place in a window of 100',
    (clock) => ({ one: memoryBudget({ clock }), other: memoryBudget({ clock }) }),
  ],
  [
    'counts what runs for each replica alone',
    'lets so many run at a time and no more, until all 40 have run',
    (clock) => ({ one: memoryBudget({ clock }), other: memoryBudget({ clock }) }),
  ],
  [
    'never starts a window anew',
    'gives so many places in a window, and the next one when it begins anew',
    (clock) => ({ one: memoryBudget({ clock: frozen(clock) }) }),
  ],
  [
    'has one budget for all keys',
    'keeps the budgets of keys apart',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { take: (_, ...rest) => budget.take('same', ...rest) } };
    },
  ],
  [
    'waits beyond the deadline',
    'refuses at once what would come after the deadline, and counts it for nothing',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, ...never }, onWait) } };
    },
  ],
  [
    'gives a place back as often as it is told',
    'gives a place that comes back to the one of a replica that waited longest, and counts giving back twice once',
    (clock) => {
      const budget = memoryBudget({ clock });
      let extra = 0;
      const take: Budget['take'] = async (key, limit, until, onWait) => {
        const concurrent = limit.concurrent === undefined ? {} : { concurrent: limit.concurrent + extra };
        const release = await budget.take(key, { ...limit, ...concurrent }, until, onWait);
        let told = false;
        return () => {
          if (told) extra += 1;
          told = true;
          release();
        };
      };
      return { one: { take } };
    },
  ],
  [
    'does not hear the signal',
    'lets an aborted request leave the line and the window, at the cost of nobody',
    (clock) => {
      const budget = memoryBudget({ clock });
      const { signal } = new AbortController();
      return { one: { take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, signal }, onWait) } };
    },
  ],
  [
    'never gives a place back',
    'gives a place that one replica gives back to a request that waits in another',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { take: async (...all) => (await budget.take(...all), () => {}) } };
    },
  ],
  [
    'lets any number wait',
    'refuses more waiting than its bound with OVERLOADED, in the line and for the window',
    (clock) => ({ one: memoryBudget({ clock }) }),
  ],
];

describe('the checks find', () => {
  test.each(brokenLimits)('a rate limit that %s', async (_fault, finds, open) => {
    expect(await broken(rateLimitChecks(async (rules, clock) => ({ ...open(rules, clock), close })))).toContain(finds);
  });
  test.each(brokenCaches)('a cache that %s', async (_fault, finds, open) => {
    expect(await broken(cacheChecks(async (clock) => ({ ...open(clock), close })))).toContain(finds);
  });
  test.each(brokenBudgets)('a budget that %s', async (_fault, finds, open) => {
    expect(await broken(budgetChecks(async ({ maxWaiting }, clock) => ({ ...open(clock, maxWaiting), close })))).toContain(finds);
  });

  test('every promise broken at least once', () => {
    const open = () => Promise.reject(new Error('not opened'));
    const names = [...rateLimitChecks(open), ...cacheChecks(open), ...budgetChecks(open)].map(({ name }) => name);
    const found = new Set([...brokenLimits, ...brokenCaches, ...brokenBudgets].map(([, finds]) => finds));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});

test('a check closes what it opened, also where it fails', async () => {
  let closed = 0;
  const take = (): Promise<never> => Promise.reject(new Error('broken'));
  const checks = rateLimitChecks(async () => ({ one: { take }, close: async () => void (closed += 1) }));
  expect(await broken(checks)).toHaveLength(checks.length);
  expect(closed).toBe(checks.length);
});
