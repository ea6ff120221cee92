import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { orgHealthChecks } from '../src/health/org-health.ts';
import { revenueCloudChecks } from '../src/health/revenue-cloud.ts';
import { salesforce } from '../src/index.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const readme = read('../README.md');
const part = (name: string): string => (new RegExp(`<!-- ${name} -->\n([^]*?)<!-- /${name} -->`).exec(readme)?.[1] ?? '').trim();
/** The rows of a table, without the padding that formatting brings. */
const rows = (table: string): string[][] =>
  table
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
    .filter(([first]) => first !== undefined && !/^:?-+:?$/.test(first));

describe('the README', () => {
  it('lists every setting', () => {
    const settings = Object.entries(salesforce.config.shape).map(([name, field]) => [`\`${name}\``, field.description]);
    expect(rows(part('config'))).toEqual([['setting', 'what it is'], ...settings]);
  });

  it('lists every check with its category, its weight and the permission that it needs', () => {
    const checks = [...orgHealthChecks('v64.0'), ...revenueCloudChecks].map(({ id, category, weight, permission }) => [
      `\`${id}\``,
      category,
      String(weight),
      permission,
    ]);
    expect(rows(part('checks'))).toEqual([['check', 'category', 'weight', 'needs'], ...checks]);
  });

  it('has a sandbox example that runs, through the public entries', async () => {
    expect(readme).toContain(`\`\`\`ts\n${read('quick-start.ts')}\`\`\`\n`);
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import('./quick-start.ts');
    expect(print).toHaveBeenCalledWith({ records: [{ Name: 'Example Bakery' }], total: 1 });
    print.mockRestore();
  });
});
