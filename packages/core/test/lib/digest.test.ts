import { createHash, createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { canonicalJson, digest, hmacTag, shortDigest } from '../../src/lib/digest.ts';

test('digests equal those of node:crypto', () => {
  for (const text of ['', 'abc', 'naïve €', 'x'.repeat(1_000)]) {
    expect(digest(text)).toBe(createHash('sha256').update(text).digest('hex'));
    expect(hmacTag('secret', text)).toBe(createHmac('sha256', 'secret').update(text).digest().subarray(0, 16).toString('base64url'));
  }
});

test('a short digest has 25 characters for every text', () => {
  const digests = Array.from({ length: 200 }, (_, n) => shortDigest(String(n)));
  expect(digests.every((text) => /^[0-9a-z]{25}$/.test(text))).toBe(true);
  expect(new Set(digests).size).toBe(200);
});

test('canonical JSON does not depend on the order of keys', () => {
  expect(canonicalJson({ b: 1, a: [{ d: 1, c: null }] })).toBe('{"a":[{"c":null,"d":1}],"b":1}');
  expect(canonicalJson({ a: [{ c: null, d: 1 }], b: 1 })).toBe(canonicalJson({ b: 1, a: [{ d: 1, c: null }] }));
});

test('canonical JSON keeps the order of lists, leaves undefined out, and keeps odd keys', () => {
  expect(canonicalJson([2, 1])).toBe('[2,1]');
  expect(canonicalJson({ a: undefined })).toBe('{}');
  expect(canonicalJson(JSON.parse('{"__proto__":1,"A":2}'))).toBe('{"A":2,"__proto__":1}');
  expect(canonicalJson(undefined)).toBe('null');
});
