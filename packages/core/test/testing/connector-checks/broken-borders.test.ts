import { describe, test } from 'vitest';
import { brokenBorders } from './broken-borders.ts';
import { expectFound } from './broken-connector.ts';

describe('the checks find', () => {
  test.each(brokenBorders)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
