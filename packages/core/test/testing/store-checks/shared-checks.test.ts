import { describe, expect, test } from 'vitest';
import {
  memoryBudget,
  memoryRateLimit,
  type Budget,
  type Clock,
  type RateLimit,
  type RateLimitDecision,
  type RateLimitRule,
} from '../../../src/index.ts';
import { budgetChecks, rateLimitChecks } from '../../../src/testing/index.ts';
import { broken, waitTurns } from './broken.ts';

const close = async (): Promise<void> => {};
const frozen = (clock: Clock): Clock => ({ ...clock, now: () => Date.UTC(2026, 0, 1) });

/** A limit that asks each rule by itself, and picks what it tells. */
function ruleByRule(
  rules: readonly RateLimitRule[],
  clock: Clock,
  pick: (all: RateLimitDecision[]) => RateLimitDecision | undefined,
): RateLimit {
  const limits = rules.map((rule) => memoryRateLimit([rule], { clock }));
  return {
    async take(key) {
      const all = await Promise.all(limits.map(async (limit) => await limit.take(key)));
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
    'allows a request that every rule allows, and names the rule that refuses',
    (rules, clock) => ({ one: memoryRateLimit(rules.slice(0, 1), { clock }) }),
  ],
  [
    'never starts a window anew',
    'allows as many requests as the limit, says how many are left, then refuses until the window ends',
    (rules, clock) => ({ one: memoryRateLimit(rules, { clock: frozen(clock) }) }),
  ],
  [
    'counts for each replica alone',
    'allows exactly 100 of 200 concurrent requests',
    (rules, clock) => ({ one: memoryRateLimit(rules, { clock }), other: memoryRateLimit(rules, { clock }) }),
  ],
  [
    'counts what another rule refused',
    'counts a refused request against no rule',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.remaining - b.remaining)[0]) }),
  ],
  [
    'tells the first rule, whatever the others have left',
    'names the rule with less left if two rules allow the request',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all[0]) }),
  ],
  [
    'tells the refusal that ends first',
    'names the rule that lasts longer if two rules refuse the request',
    (rules, clock) => ({ one: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.resetMs - b.resetMs)[0]) }),
  ],
  [
    'reads, waits, and writes',
    'allows exactly 100 of 200 concurrent requests',
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

type OpenBudget = (clock: Clock, maxWaiting: number | undefined) => { one: Budget; other?: Budget };
const { signal } = new AbortController();
const never = { deadlineAt: Number.POSITIVE_INFINITY };
const brokenBudgets: readonly (readonly [fault: string, finds: string, open: OpenBudget])[] = [
  [
    'grants for each replica alone',
    'grants exactly 100 of 200 concurrent requests in a window of 100',
    (clock) => ({ one: memoryBudget({ clock }), other: memoryBudget({ clock }) }),
  ],
  [
    'counts what runs for each replica alone',
    'runs no more requests at a time than its limit, until all 40 have run',
    (clock) => ({ one: memoryBudget({ clock }), other: memoryBudget({ clock }) }),
  ],
  [
    'never starts a window anew',
    'grants as many requests as a window has, and the next request when a new window begins',
    (clock) => ({ one: memoryBudget({ clock: frozen(clock) }) }),
  ],
  [
    'has one budget for all keys',
    'keeps the budgets of keys apart',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, take: (_, ...rest) => budget.take('same', ...rest) } };
    },
  ],
  [
    'waits beyond the deadline',
    'refuses a request at once if its turn would come after its deadline, and does not count it',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, ...never }, onWait) } };
    },
  ],
  [
    'gives a place back as often as it is told',
    'gives a released slot to the request of a replica that waited longest, and counts a repeated release once',
    (clock) => {
      const budget = memoryBudget({ clock });
      let extra = 0;
      const take: Budget['take'] = async (...all) => {
        const release = await budget.take(...all);
        let told = false;
        if (extra > 0) {
          extra -= 1;
          release();
        }
        return () => {
          if (told) extra += 1;
          told = true;
          release();
        };
      };
      return { one: { ...budget, take } };
    },
  ],
  [
    'does not hear the signal',
    'lets an aborted request leave the queue and the window without cost to others',
    (clock) => {
      const budget = memoryBudget({ clock });
      const { signal } = new AbortController();
      return { one: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, signal }, onWait) } };
    },
  ],
  [
    'never gives a place back',
    'gives a slot that one replica releases to a request that waits in another',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, take: async (...all) => (await budget.take(...all), () => {}) } };
    },
  ],
  [
    'lets any number wait',
    'refuses waiting requests beyond its bound with OVERLOADED, in the queue and for the window',
    (clock) => ({ one: memoryBudget({ clock }) }),
  ],
  [
    'serves who came first, whoever that is',
    'lets waiting users take turns, in the queue and for the window',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, user: 'all' }, onWait) } };
    },
  ],
  [
    'lets one user fill the line',
    'lets one user fill at most half of the queue',
    (clock, maxWaiting = 50) => ({ one: memoryBudget({ clock, maxWaiting: 2 * maxWaiting }) }),
  ],
  [
    'learns for each replica alone',
    'grants no more requests than the vendor says are left, in every replica, until the time that it names',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: budget, other: { ...budget, take: (key, ...rest) => budget.take(`other ${key}`, ...rest) } };
    },
  ],
  [
    'hears nothing',
    'follows the vendor’s statements alone if no limit is declared',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, observe: () => {} } };
    },
  ],
  [
    'believes the vendor more than its own count',
    'grants no more than its own count allows, even if the vendor says that more is left',
    (clock) => {
      const budget = memoryBudget({ clock });
      let told = false;
      const one: Budget = {
        take: (key, limit, ...rest) => budget.take(key, told ? {} : limit, ...rest),
        observe: (...all) => void ((told = true), budget.observe(...all)),
      };
      return { one };
    },
  ],
  [
    'believes whatever came last',
    'frees nothing after a late answer, from this window or an earlier one',
    (clock) => {
      const budget = memoryBudget({ clock });
      let answers = 0;
      const one: Budget = {
        take: (key, ...rest) => budget.take(`${key} ${answers}`, ...rest),
        observe: (key, ...rest) => budget.observe(`${key} ${(answers += 1)}`, ...rest),
      };
      return { one };
    },
  ],
  [
    'opens at the time that was named last',
    'stays closed in every replica until the time that a refusal names, and only a later time moves it',
    (clock) => {
      const budget = memoryBudget({ clock });
      let answers = 0;
      const one: Budget = {
        take: (key, ...rest) => budget.take(`${key} ${answers}`, ...rest),
        observe: (key, ...rest) => budget.observe(`${key} ${(answers += 1)}`, ...rest),
      };
      return { one };
    },
  ],
  [
    'keeps to the declared limit',
    'follows the limit that the vendor states, larger or smaller than the declared limit',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { one: { ...budget, observe: (key, limit, { limit: _, ...seen }) => budget.observe(key, limit, seen) } };
    },
  ],
  [
    'learns when nobody waits any more',
    'lets waiting requests continue once the vendor states a larger limit',
    (clock) => {
      const budget = memoryBudget({ clock });
      const one: Budget = { ...budget, observe: (...all) => void clock.sleep(1, signal).then(() => budget.observe(...all)) };
      return { one };
    },
  ],
  [
    'waits for an answer for as long as the window',
    'tries the vendor again after a minute if it names no time, and after an hour at the latest',
    (clock) => {
      const budget = memoryBudget({ clock });
      return {
        one: {
          ...budget,
          observe: (key, limit, seen) => budget.observe(key, limit, { resetAt: clock.now() + (limit.windowMs ?? 0), ...seen }),
        },
      };
    },
  ],
];

describe('the checks find', () => {
  test.each(brokenLimits)('a rate limit that %s', async (_fault, finds, open) => {
    expect(await broken(rateLimitChecks(async (rules, clock) => ({ ...open(rules, clock), close })))).toContain(finds);
  });
  test.each(brokenBudgets)('a budget that %s', async (_fault, finds, open) => {
    expect(await broken(budgetChecks(async ({ maxWaiting }, clock) => ({ ...open(clock, maxWaiting), close })))).toContain(finds);
  });

  test('every promise broken at least once', () => {
    const open = () => Promise.reject(new Error('not opened'));
    const names = [...rateLimitChecks(open), ...budgetChecks(open)].map(({ name }) => name);
    const found = new Set([...brokenLimits, ...brokenBudgets].map(([, finds]) => finds));
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
