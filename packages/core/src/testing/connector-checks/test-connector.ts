import type { Connector } from '../../connector/connector.ts';
import { connectorChecks } from './connector-checks.ts';
import type { ConnectorFixture } from './fixture.ts';
import { takenByHost } from './rules/shape-rules.ts';

/**
 * Runs the whole contract against a connector, over real sockets. For the one test that a plugin needs.
 *
 * @throws {Error} listing every rule that is broken: where, how, and why it matters.
 */
export async function testConnector(connector: Connector, fixture: ConnectorFixture): Promise<void> {
  const broken: string[] = [];
  const checks = connectorChecks(connector, fixture);
  for (const { name, run } of checks) {
    try {
      await run();
    } catch (error) {
      broken.push(`✗ ${name}\n  ${(error instanceof Error ? error.message : String(error)).replaceAll('\n', '\n  ')}`);
      // What no host takes breaks everything.
      if (name === takenByHost.name) break;
    }
  }
  if (broken.length > 0) throw new Error(`${connector.id} breaks ${broken.length} of ${checks.length} rules:\n\n${broken.join('\n\n')}`);
}
