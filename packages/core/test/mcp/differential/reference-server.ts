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
import { many, twin } from './reference-tools.ts';

/** Signs the states of calls that wait, so that the corpus can hold such as are right. */
export const secret = 'the secret of a pair of twins, one for both';

/** Whoever a request may come from, by its token. Without one it comes from the local principal. */
const authenticate: Authenticate = async ({ token }) => {
  if (token === undefined) return localPrincipal;
  if (token === 'narrow') return { tenant: 'acme', id: 'narrow', roles: [], toolsets: ['inner'] };
  if (token === 'none') return { tenant: 'acme', id: 'none', roles: [], toolsets: [] };
  if (token === 'limited') return { tenant: 'acme', id: 'limited', roles: [] };
  if (token === 'broken') throw new Error('authentication is broken');
  if (token === 'away') throw new ToolError('UNAVAILABLE', 'The keys cannot be read. Try again.', { retryAfterMs: 1_500 });
  throw new ToolError('UNAUTHENTICATED', 'This key is unknown. Ask for a new one.');
};

// Counts nothing, so that what is left does not hang on the order of the requests.
const rateLimit: RateLimit = {
  take: async (key) => ({ allowed: !key.includes('limited'), rule: { limit: 100, windowMs: 60_000 }, remaining: 41, resetMs: 11_400 }),
};

/** A server that is one of two: the same in all but its lanes. */
export interface Twin {
  readonly port: number;
  /** What it told its operator since it was last asked, as text, sorted: events, and lines of the log. */
  told(): string[];
  close(): Promise<void>;
}

/** How a pair may be other than most. */
export interface TwinSetup {
  readonly host?: Partial<HostOptions>;
  readonly transport?: HttpTransportOptions;
  /** Changes what the transport is given, once it is made. */
  readonly change?: (host: Host) => Host | Promise<Host>;
}

/** Serves the twin tools at any free port. With the lanes `sdk` everything goes to the SDK. */
export async function serveTwin(lanes: 'sdk' | 'both', setup: TwinSetup = {}): Promise<Twin> {
  const events: object[] = [];
  const { log, lines } = recordingLog();
  const host = createHost({
    connectors: [twin, many],
    connections: memoryConnections([
      { connector: 'twin', config: {} },
      { connector: 'twin', tenant: 'acme', config: {} },
      { connector: 'many', name: 'one', isDefault: true, config: {} },
      { connector: 'many', name: 'two', config: { region: 'us' } },
    ]),
    info: { name: 'twin', version: '1.2.3', instructions: 'Ask for little.' },
    clock: manualClock(),
    secret,
    authenticate,
    rateLimit,
    log,
    observer: { call: (event) => void events.push(event), refused: (event) => void events.push(event) },
    ...setup.host,
  });
  // The lanes are the endpoint's own and no option of the transport: nobody but this test has a reason to choose.
  const options = { port: 0, secret, lanes, ...setup.transport };
  const listener = await httpTransport(options).listen((await setup.change?.(host)) ?? host);
  return {
    port: Number(new URL(listener.url).port),
    told: () => [...events.splice(0), ...lines.splice(0)].map(asText).toSorted(),
    async close() {
      await listener.close();
      await host.close();
    },
  };
}

// A stack shows on which way the call came, and that is what may differ.
const asText = (told: object): string =>
  masked(
    'body',
    JSON.stringify(told, (key, value: unknown) => (key === 'stack' ? undefined : value)),
  );
