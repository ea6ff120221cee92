import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readPrices, readQuotas } from '../../src/settings/quotas-and-prices.ts';

const folder = mkdtempSync(join(tmpdir(), 'busbar-quotas-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function fileOf(content: unknown): string {
  const path = join(folder, `${(files += 1)}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}
function problemOf(read: (path: string) => unknown, content: unknown): string {
  const path = fileOf(content);
  try {
    read(path);
  } catch (error) {
    const { message } = error as Error;
    expect(message.startsWith(`${path}: `)).toBe(true);
    return message.slice(path.length + 2);
  }
  throw new Error('It was read');
}

const quota = { of: 'calls', limit: 1_000, per: 'day', each: 'tenant' };

test('money in files is in the currency, and is parsed exactly into whole millionths', () => {
  const amounts = ['0.02', 0.02, '0.000001', 0.000001, 0.1, 0.7, '1.10', 4.35, 1000000, 0, '999999.999999'];
  const prices = readPrices(fileOf(amounts.map((perCall) => ({ perCall }))));
  expect(prices.map(({ perCall }) => perCall)).toEqual([
    20_000, 20_000, 1, 1, 100_000, 700_000, 1_100_000, 4_350_000, 1e12, 0, 999_999_999_999,
  ]);
});

test.each(['1e3', -1, '-0.5', 1e-7, '0.0000001', '.5', '1,5', '', ' 1', 1_000_001, '1000000.000001', true, null])(
  'refuses %j as an amount of money',
  (perCall) => {
    expect(problemOf(readPrices, [{ perCall }])).toBe(
      'rule 1, perCall: must be an amount such as "0.02": 0 to 1000000, with at most 6 decimals',
    );
  },
);

test('a quota of money has a limit in the currency, other quotas have a whole number', () => {
  const where = { tenant: 'acme', key: 'key_1' };
  const rules = [
    { ...quota, where },
    { of: 'units', limit: 5, per: 'minute', each: 'tool' },
    { ...quota, of: 'money', limit: '25.50' },
  ];
  expect(readQuotas(fileOf(rules))).toEqual([rules[0], rules[1], { ...quota, of: 'money', limit: 25_500_000 }]);
});

test('prices keep their words and dates', () => {
  const rule = { tenant: 'acme', tool: 't', from: '2026-01-01', until: '2026-07-01T00:00:00+02:00', free: ['cached', 'failed'] };
  expect(readPrices(fileOf([rule]))).toEqual([rule]);
});

test.each([
  [[{ ...quota, of: 'bytes' }], 'rule 1, of: must be one of "calls", "units", "money"'],
  [[{ ...quota, limit: 1.5 }], 'rule 1, limit: must be a whole number, 0 or more'],
  [[{ ...quota, limit: '5' }], 'rule 1, limit: must be a whole number, 0 or more'],
  [[quota, { ...quota, per: 'week' }], 'rule 2, per: must be one of "minute", "day", "month"'],
  [[{ ...quota, where: { user: 'u' } }], 'rule 1, where: does not know user'],
  [[{ ...quota, where: { key: '' } }], 'rule 1, where, key: must not be empty'],
  [quota, 'the file: must be a list of rules'],
  [Array.from({ length: 1_001 }, () => quota), 'the file: must not have more than 1000 rules'],
])('names the position and the reason of a problem in a quota (%#)', (rules, problem) => {
  expect(problemOf(readQuotas, rules)).toBe(problem);
});

test.each([
  [[{ percall: 1 }], 'rule 1: does not know percall'],
  [[{ perUnit: '1000.5' }], 'rule 1, perUnit: must be an amount such as "0.02": 0 to 1000, with at most 6 decimals'],
  [[{ free: ['asked'] }], 'rule 1, free, 0: must be one of "cached", "failed", "unknown"'],
  [[{ from: '2026-02-01', until: '2026-02-01' }], 'rule 1, until: must be later than "from"'],
  [
    [{ tool: 7 }, { from: '2026-02-30' }],
    'rule 1, tool: must be a string; rule 2, from: must be a date such as "2026-01-31", or a time with its zone such as "2026-01-31T12:00:00Z"',
  ],
])('names the position and the reason of a problem in a price (%#)', (rules, problem) => {
  expect(problemOf(readPrices, rules)).toBe(problem);
});

test('a time without a zone is refused, because machines would interpret it differently', () => {
  expect(problemOf(readPrices, [{ from: '2026-01-01T00:00:00' }])).toContain('a time with its zone');
});

test('lists at most ten problems', () => {
  const problem = problemOf(
    readPrices,
    Array.from({ length: 30 }, () => ({ tool: 7 })),
  );
  expect(problem.match(/rule/g)).toHaveLength(10);
  expect(problem.endsWith('; and 20 more')).toBe(true);
});

test('a file that is missing or not JSON is reported', () => {
  expect(() => readQuotas(join(folder, 'none.json'))).toThrow(`${join(folder, 'none.json')}: cannot be read (ENOENT)`);
  expect(problemOf(readQuotas, '[{]')).toMatch(/^is not valid JSON \(/);
});
