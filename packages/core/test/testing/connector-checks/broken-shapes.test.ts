import { describe, test } from 'vitest';
import { expectFound } from './broken-connector.ts';
import { brokenShapes } from './broken-shapes.ts';

describe('the checks find', () => {
  test.each(brokenShapes)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
