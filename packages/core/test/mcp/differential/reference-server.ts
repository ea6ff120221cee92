import {
  createHost,
  localPrincipal,
  ToolError,
  type Authenticate,
  type Host,
  type HostOptions,
  type RateLimit,
} from '../../../src/index.ts';
import { httpTransport, type HttpTransportOptions } from '../../../src/mcp/http.ts';
import { memoryConnections } from '../../../src/memory/connections.ts';
import { manualClock } from '../../../src/testing/manual-clock.ts';
import { recordingLog } from '../recording-log.ts';
import { masked } from './masks.ts';
import { many, reference } from './reference-tools.ts';

/** Signs the states of calls that wait for a person, so that the corpus can hold valid states. */
export const secret = 'the secret that both reference servers use';

/** Finds a request's principal by its token. A request without a token comes from the local principal. */
const authenticate: Authenticate = async ({ token }) => {
  if (token === undefined) return localPrincipal;
  if (token === 'narrow') return { tenant: 'acme', id: 'narrow', roles: [], toolsets: ['inner'] };
  if (token === 'none') return { tenant: 'acme', id: 'none', roles: [], toolsets: [] };
  if (token === 'limited') return { tenant: 'acme', id: 'limited', roles: [] };
  if (token === 'broken') throw new Error('authentication is broken');
  if (token === 'away') throw new ToolError('UNAVAILABLE', 'The keys cannot be read. Try again.', { retryAfterMs: 1_500 });
  throw new ToolError('UNAUTHENTICATED', 'This key is unknown. Ask for a new one.');
};

// Counts nothing, so that the remaining requests do not depend on the order of the requests.
const rateLimit: RateLimit = {
  take: async (key) => ({ allowed: !key.includes('limited'), rule: { limit: 100, windowMs: 60_000 }, remaining: 41, resetMs: 11_400 }),
};

/** One of two servers that are the same except for their lanes. */
export interface ReferenceServer {
  readonly port: number;
  /** Returns the events and log lines since the last call, as text, sorted. */
  takeRecords(): string[];
  close(): Promise<void>;
}

/** How a pair of servers differs from the default pair. */
export interface ServerSetup {
  readonly host?: Partial<HostOptions>;
  readonly transport?: HttpTransportOptions;
  /** Changes the host before the transport receives it. */
  readonly change?: (host: Host) => Host | Promise<Host>;
}

/** Serves the reference tools at any free port. With the lanes `sdk`, the SDK answers every request. */
export async function serveReference(lanes: 'sdk' | 'both', setup: ServerSetup = {}): Promise<ReferenceServer> {
  const events: object[] = [];
  const { log, lines } = recordingLog();
  const host = createHost({
    connectors: [reference, many],
    connections: memoryConnections([
      { connector: 'reference', config: {} },
      { connector: 'reference', tenant: 'acme', config: {} },
      { connector: 'many', name: 'one', isDefault: true, config: {} },
      { connector: 'many', name: 'two', config: { region: 'us' } },
    ]),
    info: { name: 'reference', version: '1.2.3', instructions: 'Ask for little.' },
    clock: manualClock(),
    secret,
    authenticate,
    rateLimit,
    log,
    observer: { call: (event) => void events.push(event), refused: (event) => void events.push(event) },
    ...setup.host,
  });
  // The endpoint has this option and the transport does not: only this test has a reason to choose.
  const options = { port: 0, secret, lanes, ...setup.transport };
  const listener = await httpTransport(options).listen((await setup.change?.(host)) ?? host);
  return {
    port: Number(new URL(listener.url).port),
    takeRecords: () => [...events.splice(0), ...lines.splice(0)].map(asText).toSorted(),
    async close() {
      await listener.close();
      await host.close();
    },
  };
}

// A stack shows the lane of its call, which may differ.
const asText = (record: object): string =>
  masked(
    'body',
    JSON.stringify(record, (key, value: unknown) => (key === 'stack' ? undefined : value)),
  );
