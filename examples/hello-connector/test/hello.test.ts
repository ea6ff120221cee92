import { testConnector } from '@busbar/core/testing';
import { test } from 'vitest';
import { hello } from '../src/hello.ts';

test('meets the connector contract', () =>
  testConnector(hello, { folder: new URL('..', import.meta.url), examples: { hello_greet_person: { name: 'Ada' } } }));
