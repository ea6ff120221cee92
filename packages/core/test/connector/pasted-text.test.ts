import { expect, test } from 'vitest';
import { z } from 'zod';
import { pastedText, secret, secretValues } from '../../src/index.ts';

const config = z.object({ key: secret(pastedText().min(1)) });

test.each([
  ['as it is', 's3cret'],
  ['with a line end', 's3cret\n'],
  ['with a line end of Windows', 's3cret\r\n'],
  ['with blanks around it', ' s3cret\t'],
  ['with a byte order mark', '\uFEFFs3cret'],
  ['in quotes', '"s3cret"'],
  ['in single quotes, with a line end', "'s3cret\n'\n"],
])('a secret pasted %s is read as it is meant, and redacted so', (_, text) => {
  expect(config.parse({ key: text })).toEqual({ key: 's3cret' });
  expect(secretValues(config, config.parse({ key: text }))).toEqual(['s3cret']);
});

test('what is inside a pasted text stays, and nothing but blanks is no text', () => {
  expect(config.parse({ key: `it's "a" b` })).toEqual({ key: `it's "a" b` });
  expect(config.parse({ key: '"' })).toEqual({ key: '"' });
  for (const key of ['', ' \n', '""']) expect(config.safeParse({ key }).success).toBe(false);
});

test('a pasted text is a string in the JSON schema of the settings', () => {
  expect(z.toJSONSchema(config, { io: 'input' }).properties).toEqual({ key: { type: 'string', minLength: 1, writeOnly: true } });
});
