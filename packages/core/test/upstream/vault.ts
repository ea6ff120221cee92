import { z } from 'zod';
import { cockatielResilience } from '../../src/adapters/cockatiel.ts';
import { gotHttpClient } from '../../src/adapters/got.ts';
import {
  createHost,
  defineConnector,
  localPrincipal,
  memoryConnections,
  memoryState,
  secret,
  type Answer,
  type Authorization,
  type Clock,
  type Context,
  type StateStore,
} from '../../src/index.ts';
import { manualClock, type Simulator } from '../../src/testing/index.ts';

/** Options for {@link vaultHost}. */
export interface VaultOptions {
  readonly vendor: Simulator;
  /** The secret in the connection's settings. */
  readonly secret: string;
  /** Makes the settings differ although they have the same secret. */
  readonly note?: string;
  readonly clock?: Clock;
  readonly state?: StateStore;
  authorization(secret: string): Authorization;
}

/** A host, which may be one of several replicas, with a made-up vendor's connector. `lines` has all log lines, as JSON. */
export function vaultHost({ vendor, secret: key, note = '', clock = manualClock(), state = memoryState(), authorization }: VaultOptions) {
  const lines: string[] = [];
  const write = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }, (_, value: unknown) => (value instanceof Error ? String(value.stack) : value)));
  const host = createHost({
    connectors: [vault(authorization)],
    connections: memoryConnections([{ connector: 'vault', config: { secret: key, note } }]),
    httpClient: gotHttpClient(),
    resilience: cockatielResilience({ clock, backoffMs: 0, queued: 200 }),
    remapOrigins: { 'https://api.vault.example': vendor.url },
    log: { debug: write, info: write, warn: write, error: write },
    clock,
    state,
  });
  const read = async (signal = new AbortController().signal): Promise<Answer> => {
    const result = await host.call({ principal: localPrincipal, tool: 'vault_read_thing', arguments: {}, signal });
    if (result.kind === 'ask') throw new Error('asked');
    return result.answer;
  };
  return { read, lines };
}

const vault = (authorization: VaultOptions['authorization']) =>
  defineConnector({
    spec: 'v1',
    id: 'vault',
    config: z.object({ secret: secret(z.string()), note: z.string() }),
    origins: () => ['https://api.vault.example'],
    authorization: (config) => authorization(config.secret),
    open: ({ http }) => ({
      read: (context: Context) =>
        http.request({ method: 'GET', path: '/thing', response: z.object({ seen: z.string().optional() }) }, context),
    }),
    tools: (tool) => [
      tool({
        name: 'vault_read_thing',
        description: 'Reads.',
        effect: 'read',
        input: z.object({}),
        output: z.object({ seen: z.string().optional() }),
        run: async (_, client, context) => (await client.read(context)).data,
      }),
    ],
  });
