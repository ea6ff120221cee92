import { describe, expect, test } from 'vitest';
import { failedChecks } from './broken-connector.ts';
import { brokenBehaviours } from './broken-behaviours.ts';

describe('the checks find', () => {
  test.each(brokenBehaviours)('a connector that $fault', async (broken) => {
    const { failed, all } = await failedChecks(broken);
    const others = broken.also === 'all' ? all : [broken.finds, ...(broken.also ?? [])];
    expect(failed).toContain(broken.finds);
    expect(failed.toSorted()).toEqual(others.toSorted());
  });
});
