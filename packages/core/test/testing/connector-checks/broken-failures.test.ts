import { describe, test } from 'vitest';
import { expectFound } from './broken-connector.ts';
import { brokenFailures } from './broken-failures.ts';

describe('the checks find', () => {
  test.each(brokenFailures)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
