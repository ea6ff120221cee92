import { describe, test } from 'vitest';
import { expectFound } from './broken-connector.ts';
import { brokenBackground } from './broken-background.ts';

describe('the checks find', () => {
  test.each(brokenBackground)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
