import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkText, readRules } from '../scripts/check-language.ts';

const rules = readRules(readFileSync(join(import.meta.dirname, '../docs/style.md'), 'utf8'));
const problems = (path: string, text: string) => checkText(path, text, rules).map(({ line, problem }) => `${line} ${problem}`);

describe('the language check', () => {
  test('reads its phrases from the table of the style page', () => {
    expect(rules.length).toBeGreaterThan(40);
    expect(() => readRules('# Style\n\nNo table.\n')).toThrow('lists no phrases');
  });

  test('finds a banned phrase in prose, in a comment, in a test name and in an error message', () => {
    expect(problems('a.md', 'Fine.\n\nThe host waits for nobody.\n')).toEqual([expect.stringMatching(/^3 “nobody”/)]);
    expect(problems('a.ts', '/** Nobody waits. */\n')).toEqual([expect.stringMatching(/^1 “nobody”/)]);
    expect(problems('a.ts', `test('nobody waits', () => {});\n`)).toEqual([expect.stringMatching(/^1 “nobody”/)]);
  });

  test('finds a phrase across a line break', () => {
    expect(problems('a.ts', '// The call is not the last one\n// that runs.\n')).toEqual([expect.stringMatching(/^1 “one that”/)]);
  });

  test('ignores words that only contain a phrase', () => {
    expect(problems('a.md', 'The host understands a stand-alone `nobody-else` and standing orders.\n')).toEqual([]);
  });

  test('finds a sentence that starts with “What”, and ignores questions', () => {
    expect(problems('a.md', 'What is read together is\nanswered together.\n')).toEqual([expect.stringMatching(/^1 a sentence/)]);
    expect(problems('a.ts', '  /** What a call costs. */\n')).toEqual([expect.stringMatching(/^1 a sentence/)]);
    expect(problems('a.md', '# What happens on failure\n\nWhat does a call cost?\n')).toEqual([]);
  });

  test('finds comments over 140 columns, but not code or prose', () => {
    expect(problems('a.ts', `// ${'x'.repeat(137)}\n// ${'x'.repeat(138)}\n`)).toEqual(['2 a comment of 141 columns']);
    expect(problems('a.ts', `const a = '${'x'.repeat(140)}';\n`)).toEqual([]);
    expect(problems('a.md', `${'x'.repeat(200)}\n`)).toEqual([]);
  });
});
