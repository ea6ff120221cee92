import { expect, test } from 'vitest';
import { createOrigins } from '../../src/upstream/origins.ts';

test('allows exact origins and nothing else', () => {
  const origins = createOrigins(['https://api.acme.example', 'https://eu.acme.example:8443']);
  expect(origins.first).toBe('https://api.acme.example');
  expect(origins.allows('https://api.acme.example')).toBe(true);
  expect(origins.allows('https://eu.acme.example:8443')).toBe(true);
  for (const other of [
    'http://api.acme.example',
    'https://api.acme.example.evil.example',
    'https://acme.example',
    'https://api.acme.example:444',
    'https://api.acme.example/',
  ]) {
    expect(origins.allows(other), other).toBe(false);
  }
});

test('a pattern spans any number of labels, and is not the default origin', () => {
  const origins = createOrigins(['https://*.my.acme.example']);
  expect(origins.first).toBeUndefined();
  expect(origins.allows('https://a.my.acme.example')).toBe(true);
  expect(origins.allows('https://a.b.my.acme.example')).toBe(true);
  for (const other of [
    'https://my.acme.example',
    'https://.my.acme.example',
    'https://evil.example/.my.acme.example',
    'https://evilmy.acme.example',
    'https://a.my.acme.example:8443',
    'https://x@a.my.acme.example',
  ]) {
    expect(origins.allows(other), other).toBe(false);
  }
});

test.each([
  'http://api.acme.example',
  'https://api.acme.example/v1',
  'https://*',
  'https://*.com',
  'https://a.*.example',
  'api.acme.example',
  '',
])('refuses %j as a declaration', (entry) => {
  expect(() => createOrigins([entry])).toThrow('is not an HTTPS origin');
});
