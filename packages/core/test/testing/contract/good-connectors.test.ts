import { describe, expect, test } from 'vitest';
import { connectorChecks } from '../../../src/testing/index.ts';
import { acme, acmeFixture } from './acme-connector.ts';

describe('a connector that keeps every rule', () => {
  test.each(connectorChecks(acme, acmeFixture))('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined();
  });
});
