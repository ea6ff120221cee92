import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { sendgrid } from '../src/index.ts';

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
    const settings = Object.entries(sendgrid.config.shape).map(([name, field]) => [`\`${name}\``, field.description]);
    expect(rows(part('config'))).toEqual([['setting', 'what it is'], ...settings]);
  });

  it('has a sandbox example that runs, through the public entries', async () => {
    expect(readme).toContain(`\`\`\`ts\n${read('quick-start.ts')}\`\`\`\n`);
    const print = vi.spyOn(console, 'log').mockImplementation(() => {});
    await import('./quick-start.ts');
    expect(print).toHaveBeenCalledWith({ messageId: expect.any(String), recipients: 1 });
    print.mockRestore();
  });
});
