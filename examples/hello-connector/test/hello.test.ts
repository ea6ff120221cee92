import { testConnector } from '@busbar/core/testing';
import { test } from 'vitest';
import { hello } from '../src/hello.ts';

test('keeps the contract of connectors', () =>
  testConnector(hello, { folder: new URL('..', import.meta.url), examples: { hello_greet_person: { name: 'Ada' } } }));
