import type { PriceRule, QuotaRule } from '@busbar/core';
import { z } from 'zod';
import { isPlainName, plainNameRule } from '../plain-name.ts';
import { readJsonList } from './json-file.ts';

const maxRules = 1_000;
const millionths = 1_000_000;
const maxMoney = 1_000_000_000;
const maxPerCall = 1_000_000;
// A call has at most a million units, and its price must stay an exact number.
const maxPerUnit = 1_000;

/**
 * Parses an amount of money into whole millionths. JavaScript prints a number with the fewest digits that identify it, which are the digits
 * in the file, so no precision is lost.
 */
const money = (max: number) => {
  const error = `must be an amount such as "0.02": 0 to ${max}, with at most 6 decimals`;
  return z
    .union([z.string(), z.number()], error)
    .transform(String)
    .pipe(z.string().regex(/^\d{1,10}(\.\d{1,6})?$/, error))
    .transform((digits) => {
      const [whole = '', decimals = ''] = digits.split('.');
      return Number(whole) * millionths + Number(decimals.padEnd(6, '0'));
    })
    .refine((amount) => amount <= max * millionths, error);
};

const oneOf = <const Words extends readonly [string, ...string[]]>(...words: Words) =>
  z.enum(words, `must be one of ${words.map((word) => `"${word}"`).join(', ')}`);

const text = z.string('must be a string').min(1, 'must not be empty').refine(isPlainName, plainNameRule);

const time = z.union(
  [z.iso.date(), z.iso.datetime({ offset: true })],
  'must be a date such as "2026-01-31", or a time with its zone such as "2026-01-31T12:00:00Z"',
);

const quota = {
  per: oneOf('minute', 'day', 'month'),
  each: oneOf('tenant', 'key', 'connector', 'tool'),
  where: z
    .strictObject({
      tenant: text.exactOptional(),
      key: text.exactOptional(),
      connector: text.exactOptional(),
      tool: text.exactOptional(),
    })
    .optional(),
};
const wholeNumber = z.int('must be a whole number, 0 or more').min(0, 'must be a whole number, 0 or more');

const quotaRule = z.discriminatedUnion(
  'of',
  [
    z.strictObject({ of: z.enum(['calls', 'units']), limit: wholeNumber, ...quota }),
    z.strictObject({ of: z.literal('money'), limit: money(maxMoney), ...quota }),
  ],
  'must be one of "calls", "units", "money"',
);

const priceRule = z
  .strictObject({
    tenant: text.optional(),
    connector: text.optional(),
    tool: text.optional(),
    from: time.optional(),
    until: time.optional(),
    perCall: money(maxPerCall).optional(),
    perUnit: money(maxPerUnit).optional(),
    free: z.array(oneOf('cached', 'failed', 'unknown'), 'must be a list').optional(),
  })
  .refine(({ from, until }) => from === undefined || until === undefined || Date.parse(from) < Date.parse(until), {
    path: ['until'],
    error: 'must be later than "from"',
  });

/**
 * Reads quotas from a JSON file: a list of {@link QuotaRule}. Limits on money are amounts in the currency (`"25.00"`).
 *
 * @throws {Error} which names the file and each problem with its position.
 */
export function readQuotas(path: string): readonly QuotaRule[] {
  return readRules(path, quotaRule);
}

/**
 * Reads prices from a JSON file: a list of {@link PriceRule}. Prices are amounts in the currency (`"0.02"`). The first rule that matches a
 * call sets its price.
 *
 * @throws {Error} which names the file and each problem with its position.
 */
export function readPrices(path: string): readonly PriceRule[] {
  return readRules(path, priceRule);
}

function readRules<Rule>(path: string, rule: z.ZodType<Rule>): readonly Rule[] {
  const rules = z.array(rule, 'must be a list of rules').max(maxRules, `must not have more than ${maxRules} rules`);
  return readJsonList(path, 'rule', rules);
}
