import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { orgHealthChecks } from '../src/health/org-health.ts';
import { revenueCloudChecks } from '../src/health/revenue-cloud.ts';

it('the README lists every check with its category, weight and permission', () => {
  const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
  const table = /<!-- checks -->([^]*?)<!-- \/checks -->/.exec(readme)?.[1] ?? '';
  const rows = table
    .split('\n')
    .filter((line) => /^\| [^-]/.test(line))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  const checks = [...orgHealthChecks('v64.0'), ...revenueCloudChecks].map(({ id, category, weight, permission }) => [
    `\`${id}\``,
    category,
    String(weight),
    permission,
  ]);
  expect(rows).toEqual([['check', 'category', 'weight', 'needs'], ...checks]);
});
