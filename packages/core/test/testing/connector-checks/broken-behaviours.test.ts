import { describe, test } from 'vitest';
import { brokenBehaviours } from './broken-behaviours.ts';
import { expectFound } from './broken-connector.ts';

describe('the checks find', () => {
  test.each(brokenBehaviours)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
