import { describe, test } from 'vitest';
import { brokenBackground } from './broken-background.ts';
import { expectFound } from './broken-connector.ts';

describe('the checks find', () => {
  test.each(brokenBackground)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
