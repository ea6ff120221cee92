import { lostAnswerChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

const checks = lostAnswerChecks(salesforce, { writes, sandbox: () => startSalesforceSandbox() });

describe('a write of Salesforce’s tools', () => {
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
});
