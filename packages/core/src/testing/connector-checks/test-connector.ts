import type { Connector } from '../../connector/connector.ts';
import { connectorChecks } from './connector-checks.ts';
import type { ConnectorFixture } from './fixture.ts';
import { acceptedByHost } from './rules/shape-rules.ts';

/**
 * Runs the whole contract against a connector, over real sockets. This is the one test that every plugin needs.
 *
 * @throws {Error} with every broken rule: where, how, and why it matters.
 */
export async function testConnector(connector: Connector, fixture: ConnectorFixture): Promise<void> {
  const broken: string[] = [];
  const checks = connectorChecks(connector, fixture);
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      broken.push(`✗ ${name}\n  ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n  ')}`);
      // A connector that no host accepts fails every other check too.
      if (name === acceptedByHost.name) break;
    }
  }
  if (broken.length > 0) throw new Error(`${connector.id} breaks ${broken.length} of ${checks.length} rules:\n\n${broken.join('\n\n')}`);
}
