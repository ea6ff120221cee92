import type { Connector } from '../../connector/connector.ts';
import type { SimulatorRequest } from './simulator.ts';

/** Returns a function that recognizes the requests for a connection's tokens. Core sends these requests, not the connector. */
export function tokenRequests(connector: Connector, config: object): (request: SimulatorRequest) => boolean {
  const parsed = connector.config.safeParse(config);
  const authorization = parsed.success ? connector.authorization?.(parsed.data) : undefined;
  if (!authorization || !('tokenUrl' in authorization)) return () => false;
  const { pathname } = new URL(authorization.tokenUrl);
  return ({ path }) => path === pathname;
}
