import type { Random } from './random.ts';

/** Short texts that are expensive when they are repeated, by what could be expensive: patterns, escapes, Unicode, addresses, languages. */
export const units: readonly (readonly string[])[] = [
  ['a', 'a', 'a-', 'a.', 'ß', 'İ'],
  [' ', 'a ', '\t', '\n', '\r\n', '\u200b'],
  ['"', "'", '\\', '\\"', '(', '((a)', '.', '--', '%', '%2e/', '../'],
  ['@', 'a@', 'a@a.', '<', '<a@b.c>,', 'a,', ':a', ":a '", '{{', '{{a}}', '${a}', '<script>', '<!--'],
  ['\u0000', '\u001b', '\u00e9', 'e\u0301', '\u202e', '\ud83d\ude00', '\ud83d', '\ufdfa'],
  ['0', '1e', '-1', '2026-01-01T', 'AND ', 'SELECT ', 'bb_', 'Bearer ', '-----BEGIN ', 'token=', 'http://a?'],
];
export const unitOf = (random: Random): string => random.pick(random.pick(units));
