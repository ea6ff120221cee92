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
import { failedChecks, waitTurns } from './failed-checks.ts';

const close = async (): Promise<void> => {};
const frozen = (clock: Clock): Clock => ({ ...clock, now: () => Date.UTC(2026, 0, 1), elapsed: () => 0 });

/** Creates a limit that checks each rule on its own, and picks one of their decisions. */
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

type OpenLimit = (rules: readonly RateLimitRule[], clock: Clock) => { first: RateLimit; second?: RateLimit };
const brokenLimits: readonly (readonly [fault: string, finds: string, open: OpenLimit])[] = [
  [
    'has one count for all keys',
    'keeps the limits of keys apart',
    (rules, clock) => {
      const limit = memoryRateLimit(rules, { clock });
      return { first: { take: () => limit.take('same') } };
    },
  ],
  [
    'knows only its first rule',
    'allows a request that every rule allows, and names the rule that refuses',
    (rules, clock) => ({ first: memoryRateLimit(rules.slice(0, 1), { clock }) }),
  ],
  [
    'never starts a new window',
    'allows as many requests as the limit, says how many are left, then refuses until the window ends',
    (rules, clock) => ({ first: memoryRateLimit(rules, { clock: frozen(clock) }) }),
  ],
  [
    'counts each replica separately',
    'allows exactly 100 of 200 concurrent requests',
    (rules, clock) => ({ first: memoryRateLimit(rules, { clock }), second: memoryRateLimit(rules, { clock }) }),
  ],
  [
    'counts a request that another rule refused',
    'counts a refused request against no rule',
    (rules, clock) => ({ first: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.remaining - b.remaining)[0]) }),
  ],
  [
    'names the first rule, even if others have less left',
    'names the rule with less left if two rules allow the request',
    (rules, clock) => ({ first: ruleByRule(rules, clock, (all) => all[0]) }),
  ],
  [
    'names the refusal that ends first',
    'names the rule that lasts longer if two rules refuse the request',
    (rules, clock) => ({ first: ruleByRule(rules, clock, (all) => all.toSorted((a, b) => a.resetMs - b.resetMs)[0]) }),
  ],
  [
    'reads, waits, and then writes',
    'allows exactly 100 of 200 concurrent requests',
    (rules) => {
      const counts = new Map<string, number>();
      const [rule = { limit: 1, windowMs: 1 }] = rules;
      return {
        first: {
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

type OpenBudget = (clock: Clock, maxWaiting: number | undefined) => { first: Budget; second?: Budget };
const { signal } = new AbortController();
const never = { deadlineAt: Number.POSITIVE_INFINITY };
const brokenBudgets: readonly (readonly [fault: string, finds: string, open: OpenBudget])[] = [
  [
    'grants for each replica separately',
    'grants exactly 100 of 200 concurrent requests in a window of 100',
    (clock) => ({ first: memoryBudget({ clock }), second: memoryBudget({ clock }) }),
  ],
  [
    'counts running requests for each replica separately',
    'runs no more requests at a time than its limit, until all 40 have run',
    (clock) => ({ first: memoryBudget({ clock }), second: memoryBudget({ clock }) }),
  ],
  [
    'never starts a new window',
    'grants as many requests as a window has, and the next request when a new window begins',
    (clock) => ({ first: memoryBudget({ clock: frozen(clock) }) }),
  ],
  [
    'has one budget for all keys',
    'keeps the budgets of keys apart',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, take: (_, ...rest) => budget.take('same', ...rest) } };
    },
  ],
  [
    'waits beyond the deadline',
    'refuses a request at once if its turn would come after its deadline, and does not count it',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, ...never }, onWait) } };
    },
  ],
  [
    'releases a slot as often as it is called',
    'gives a released slot to the request of a replica that waited longest, and counts a repeated release once',
    (clock) => {
      const budget = memoryBudget({ clock });
      let extra = 0;
      const take: Budget['take'] = async (...all) => {
        const release = await budget.take(...all);
        let isReleased = false;
        if (extra > 0) {
          extra -= 1;
          release();
        }
        return () => {
          if (isReleased) extra += 1;
          isReleased = true;
          release();
        };
      };
      return { first: { ...budget, take } };
    },
  ],
  [
    'ignores the signal',
    'lets an aborted request leave the queue and the window without cost to others',
    (clock) => {
      const budget = memoryBudget({ clock });
      const { signal } = new AbortController();
      return { first: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, signal }, onWait) } };
    },
  ],
  [
    'never releases a slot',
    'gives a slot that one replica releases to a request that waits in another',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, take: async (...all) => (await budget.take(...all), () => {}) } };
    },
  ],
  [
    'lets any number of requests wait',
    'refuses waiting requests beyond its bound with OVERLOADED, in the queue and for the window',
    (clock) => ({ first: memoryBudget({ clock }) }),
  ],
  [
    'serves requests in order of arrival, without turns between users',
    'lets waiting users take turns, in the queue and for the window',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, take: (key, limit, until, onWait) => budget.take(key, limit, { ...until, user: 'all' }, onWait) } };
    },
  ],
  [
    'lets one user fill the queue',
    'lets one user fill at most half of the queue',
    (clock, maxWaiting = 50) => ({ first: memoryBudget({ clock, maxWaiting: 2 * maxWaiting }) }),
  ],
  [
    'observes for each replica separately',
    'grants no more requests than the vendor says are left, in every replica, until the time that it names',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: budget, second: { ...budget, take: (key, ...rest) => budget.take(`other ${key}`, ...rest) } };
    },
  ],
  [
    'ignores observations',
    'follows the vendor’s statements alone if no limit is declared',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, observe: () => {} } };
    },
  ],
  [
    'trusts the vendor more than its own count',
    'grants no more than its own count allows, even if the vendor says that more is left',
    (clock) => {
      const budget = memoryBudget({ clock });
      let hasObserved = false;
      const first: Budget = {
        take: (key, limit, ...rest) => budget.take(key, hasObserved ? {} : limit, ...rest),
        observe: (...all) => void ((hasObserved = true), budget.observe(...all)),
      };
      return { first };
    },
  ],
  [
    'trusts the latest observation, even a late one',
    'frees nothing after a late answer, from this window or an earlier one',
    (clock) => {
      const budget = memoryBudget({ clock });
      let answers = 0;
      const first: Budget = {
        take: (key, ...rest) => budget.take(`${key} ${answers}`, ...rest),
        observe: (key, ...rest) => budget.observe(`${key} ${(answers += 1)}`, ...rest),
      };
      return { first };
    },
  ],
  [
    'opens at the time of the latest observation',
    'stays closed in every replica until the time that a refusal names, and only a later time moves it',
    (clock) => {
      const budget = memoryBudget({ clock });
      let answers = 0;
      const first: Budget = {
        take: (key, ...rest) => budget.take(`${key} ${answers}`, ...rest),
        observe: (key, ...rest) => budget.observe(`${key} ${(answers += 1)}`, ...rest),
      };
      return { first };
    },
  ],
  [
    'follows only the declared limit',
    'follows the limit that the vendor states, larger or smaller than the declared limit',
    (clock) => {
      const budget = memoryBudget({ clock });
      return { first: { ...budget, observe: (key, limit, { limit: _, ...rest }) => budget.observe(key, limit, rest) } };
    },
  ],
  [
    'observes a limit too late for the requests that wait',
    'lets waiting requests continue once the vendor states a larger limit',
    (clock) => {
      const budget = memoryBudget({ clock });
      const first: Budget = { ...budget, observe: (...all) => void clock.sleep(1, signal).then(() => budget.observe(...all)) };
      return { first };
    },
  ],
  [
    'waits for a whole window before it tries the vendor again',
    'tries the vendor again after a minute if it names no time, and after an hour at the latest',
    (clock) => {
      const budget = memoryBudget({ clock });
      return {
        first: {
          ...budget,
          observe: (key, limit, observed) => budget.observe(key, limit, { resetAt: clock.now() + (limit.windowMs ?? 0), ...observed }),
        },
      };
    },
  ],
];

describe('the checks find', () => {
  test.each(brokenLimits)('a rate limit that %s', async (_fault, finds, open) => {
    expect(await failedChecks(rateLimitChecks(async (rules, clock) => ({ ...open(rules, clock), close })))).toContain(finds);
  });
  test.each(brokenBudgets)('a budget that %s', async (_fault, finds, open) => {
    expect(await failedChecks(budgetChecks(async ({ maxWaiting }, clock) => ({ ...open(clock, maxWaiting), close })))).toContain(finds);
  });

  test('at least one broken variant for each guarantee', () => {
    const open = () => Promise.reject(new Error('not opened'));
    const names = [...rateLimitChecks(open), ...budgetChecks(open)].map(({ name }) => name);
    const found = new Set([...brokenLimits, ...brokenBudgets].map(([, finds]) => finds));
    expect(names.filter((name) => !found.has(name))).toEqual([]);
  });
});

test('a check closes the store that it opens, also if it fails', async () => {
  let closed = 0;
  const take = (): Promise<never> => Promise.reject(new Error('broken'));
  const checks = rateLimitChecks(async () => ({ first: { take }, close: async () => void (closed += 1) }));
  expect(await failedChecks(checks)).toHaveLength(checks.length);
  expect(closed).toBe(checks.length);
});
