import { describe, test } from 'vitest';
import { expectFound } from './broken-connector.ts';
import { brokenBorders } from './broken-borders.ts';

describe('the checks find', () => {
  test.each(brokenBorders)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
