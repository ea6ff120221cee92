import { expect, test } from 'vitest';
import { z } from 'zod';
import { secret, secretValues } from '../../src/index.ts';
import { createRedactor, redactingLogger } from '../../src/lib/redactor.ts';

test('finds marked values under optional, default, array and object, and no others', () => {
  const config = z.object({
    name: z.string(),
    key: secret(z.string()).describe('The key'),
    maybe: secret(z.string()).optional(),
    outer: secret(z.string().optional()),
    preset: secret(z.string()).default('preset-secret'),
    list: z.array(secret(z.string())),
    nested: z.object({ token: secret(z.string()), open: z.string() }),
    whole: secret(z.object({ any: z.string() })),
  });
  const value = {
    name: 'n',
    key: 'k1',
    maybe: 'k2',
    outer: 'k3',
    preset: 'k4',
    list: ['k5'],
    nested: { token: 'k6', open: 'o' },
    whole: { any: 'k7' },
  };
  expect(secretValues(config, value)).toEqual(['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7']);
  expect(z.toJSONSchema(config, { io: 'input' })).toMatchObject({ properties: { key: { writeOnly: true, description: 'The key' } } });
});

test('removes secrets from text, objects, arrays and errors with their causes', () => {
  const redactor = createRedactor(['canary-1']);
  redactor.add('canary-2');
  const error = new Error('saw canary-1', { cause: Object.assign(new Error('canary-2'), { code: 'E_canary-1' }) });
  const clean = JSON.stringify(redactor.value({ a: ['x canary-1 y', { b: 'canary-2' }], error, n: 1, nothing: null }));
  expect(clean).not.toMatch(/canary/);
  expect(clean).toContain('x [redacted] y');
  expect(redactor.finds('… canary-2')).toBe(true);
  expect(redactor.finds('fine')).toBe(false);
});

test('finds a secret in JSON, where its line feeds and quotes are escaped', () => {
  const key = '-----BEGIN KEY-----\ncanary"\n-----END KEY-----';
  const redactor = createRedactor([key]);
  const json = JSON.stringify({ key, note: 'n' });
  expect(redactor.finds(json)).toBe(true);
  expect(redactor.text(json)).toBe('{"key":"[redacted]","note":"n"}');
  expect(redactor.text(`said ${key}`)).toBe('said [redacted]');
});

test.each([/key_[a-z]{5}/, /key_[a-z]{5}/g, /key_[a-z]{5}/y])('finds text of the pattern %o, again and again', (pattern) => {
  const redactor = createRedactor(['canary'], pattern);
  for (let time = 0; time < 3; time += 1) {
    expect(redactor.finds('it is key_abcde')).toBe(true);
    expect(redactor.finds('it is key_ab')).toBe(false);
    expect(redactor.text('key_abcde, key_vwxyz and canary')).toBe('[redacted], [redacted] and [redacted]');
  }
  expect(redactor.with(['other secret']).text('key_abcde and other secret')).toBe('[redacted] and [redacted]');
});

test('removes secrets from the keys of objects', () => {
  expect(createRedactor(['canary']).value({ a: { 'is canary': 1 } })).toEqual({ a: { 'is [redacted]': 1 } });
});

test('keeps a bounded number of added secrets, and always the settings’ own', () => {
  const redactor = createRedactor(['settings-secret']);
  for (let i = 0; i < 60; i += 1) redactor.add(`token-${i}-x`);
  expect(redactor.text('settings-secret token-59-x token-1-x')).toBe('[redacted] [redacted] token-1-x');
});

test('ignores secrets so short that ordinary words contain them', () => {
  expect(createRedactor(['a']).text('banana')).toBe('banana');
});

test('cuts endlessly nested values', () => {
  const ring: { self?: unknown } = {};
  ring.self = ring;
  expect(JSON.stringify(createRedactor(['secret']).value(ring))).toContain('[cut]');
});

test('a redacting logger adds its ids to every line, and a plugin’s fields cannot replace them', () => {
  const lines: unknown[] = [];
  const push = (fields: object, message: string): void => void lines.push([fields, message]);
  const log = redactingLogger({ debug: push, info: push, warn: push, error: push }, createRedactor(['canary']), { callId: 'c1' });
  log.info({ callId: 'forged', note: 'canary' }, 'a canary sang');
  log.error({}, 'x');
  expect(lines).toEqual([
    [{ callId: 'c1', note: '[redacted]' }, 'a [redacted] sang'],
    [{ callId: 'c1' }, 'x'],
  ]);
});

test('a redacting logger keeps its ids, also if a secret is a word of them', () => {
  const lines: unknown[] = [];
  const push = (fields: object): void => void lines.push(fields);
  const ids = { callId: 'c1', tenant: 'acme' };
  const redactor = createRedactor(['tenant', 'acme', 'callId']);
  redactingLogger({ debug: push, info: push, warn: push, error: push }, redactor, ids).info({ note: 'of acme' }, 'x');
  expect(lines).toEqual([{ ...ids, note: 'of [redacted]' }]);
});
