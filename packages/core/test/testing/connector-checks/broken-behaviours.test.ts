import { describe, test } from 'vitest';
import { expectFound } from './broken-connector.ts';
import { brokenBehaviours } from './broken-behaviours.ts';

describe('the checks find', () => {
  test.each(brokenBehaviours)('a connector that $fault', async (broken) => {
    await expectFound(broken);
  });
});
