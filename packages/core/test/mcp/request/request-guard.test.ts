import { expect, test } from 'vitest';
import { isLoopback } from '../../../src/mcp/request/request-guard.ts';

test.each([
  'localhost',
  'LocalHost',
  '127.0.0.1',
  '127.255.0.9',
  '::1',
  '[::1]',
  '::ffff:127.0.0.1',
  '::FFFF:127.0.0.1',
  '[::ffff:127.0.0.1]',
  '::ffff:7f00:1',
  '[::ffff:7fff:ff09]',
])('%s is a loopback name', (hostname) => {
  expect(isLoopback(hostname)).toBe(true);
});

test.each([
  '',
  '0.0.0.0',
  '::',
  '[::]',
  '::1:1',
  '128.0.0.1',
  '1127.0.0.1',
  '127.0.0.1.evil.example.com',
  'localhost.evil.example.com',
  '[localhost]',
  '[127.0.0.1]',
  '[::1',
  '::ffff:128.0.0.1',
  '::ffff:7f00',
  '::ffff:8000:1',
  '::ffff:7f000:1',
  '64:ff9b::127.0.0.1',
])('%j is not a loopback name', (hostname) => {
  expect(isLoopback(hostname)).toBe(false);
});

test('a URL’s form of an IPv4-mapped loopback address is a loopback name', () => {
  expect(isLoopback(new URL('http://[::ffff:127.0.0.1]:3000').hostname)).toBe(true);
});
