import { expect, test } from 'vitest';
import { isPlainName } from '../src/plain-name.ts';

test.each(['acme', 'Acme GmbH', 'owner', 'Ärzte ohne Grenzen', '日本支社', 'عربي', 'emea/west_2 (new)', '🚀'])('%s is plain', (name) => {
  expect(isPlainName(name)).toBe(true);
});

test.each([
  ['a zero-width space', 'operator\u200b'],
  ['a zero-width joiner', 'opera\u200dtor'],
  ['a byte order mark', '\ufeffoperator'],
  ['a soft hyphen', 'opera\u00adtor'],
  ['a combining grapheme joiner', 'opera\u034ftor'],
  ['a Hangul filler', 'operator\u3164'],
  ['a variation selector', 'operator\ufe0f'],
  ['text from right to left', 'rotarepo\u202e'],
  ['an isolate', '\u2066operator\u2069'],
  ['a tag character', 'operator\u{e0041}'],
  ['a control character', 'operator\u0007'],
  ['U+0000', 'operator\u0000'],
  ['a line feed', 'operator\nowner'],
  ['a line separator', 'operator\u2028'],
  ['a space that is not ASCII', 'acme\u00a0inc'],
  ['half of a surrogate pair', 'operator\ud800'],
  ['a full-width letter', '\uff4fperator'],
  ['a ligature', 'o\ufb03ce'],
  ['a mathematical letter', '\u{1d428}perator'],
  ['a letter and an accent apart', 'A\u0308rzte'],
  ['a private character', 'operator\ue000'],
])('a name with %s is not plain', (_what, name) => {
  expect(isPlainName(name)).toBe(false);
});
