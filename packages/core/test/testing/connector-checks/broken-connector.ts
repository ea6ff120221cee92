import { expect } from 'vitest';
import type { Connector } from '../../../src/index.ts';
import { connectorChecks, type ConnectorFixture } from '../../../src/testing/index.ts';
import { acmeFixture } from './acme-connector.ts';

/** A connector with one fault, the check that must find it, and other checks that fail because of the same fault. */
export interface BrokenConnector {
  /** The fault, to complete "a connector that …". */
  readonly fault: string;
  readonly finds: string;
  /** `all`: no host accepts the connector, so every check fails. */
  readonly also?: readonly string[] | 'all';
  readonly connector: Connector;
  /** Default: acme's, with the examples of the connector's tools. */
  readonly fixture?: Partial<ConnectorFixture> | (() => Promise<Partial<ConnectorFixture>>);
}

/** Returns the names of the checks that a connector fails, and the names of all its checks. */
async function failedChecks({
  connector,
  fixture = {},
}: BrokenConnector): Promise<{ readonly failed: readonly string[]; readonly all: readonly string[] }> {
  const names = new Set(connector.tools.map(({ name }) => name));
  const examples = Object.fromEntries(Object.entries(acmeFixture.examples).filter(([name]) => names.has(name)));
  const changed = typeof fixture === 'function' ? await fixture() : fixture;
  const checks = connectorChecks(connector, { ...acmeFixture, examples, ...changed });
  const failed: string[] = [];
  for (const { name, run } of checks) {
    try {
      await run();
    } catch {
      failed.push(name);
    }
  }
  return { failed, all: checks.map(({ name }) => name) };
}

/** Expects exactly the declared checks to fail. */
export async function expectFound(broken: BrokenConnector): Promise<void> {
  const { failed, all } = await failedChecks(broken);
  const others = broken.also === 'all' ? all : [broken.finds, ...(broken.also ?? [])];
  expect(failed).toContain(broken.finds);
  expect(failed.toSorted()).toEqual(others.toSorted());
}
