import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { Authorization } from '../connector.ts';
import { ToolError } from '../errors.ts';
import type { Logger } from '../logger.ts';
import type { Resilience } from '../resilience.ts';
import { UpstreamError } from '../resilience.ts';
import { SendError, type Sender } from '../sender.ts';
import type { State } from '../state.ts';
import type { Origins } from './origins.ts';
import { readBody } from './read-body.ts';
import { readFailure, waitOf } from './failure.ts';
import { formBody } from './request-url.ts';

/** What goes on a request so that the vendor knows the connection. */
export interface Token {
  /** The value of `Authorization`. */
  readonly header: string;
  /** Where the token is good, if the vendor said so. */
  readonly origin?: string | undefined;
}

/** Gives a connection's requests their authorization. */
export interface TokenSource {
  /** The token to use now. Waits for a refresh that is under way; it belongs to no caller, so none can end it. */
  get(): Promise<Token>;
  /** The vendor refused this token: the next `get` brings another. False where there is no other to be had. */
  renew(refused: Token): boolean;
}

/** What a token source works with. */
export interface TokenSourceOptions {
  readonly connector: string;
  readonly connection: string;
  /** The version of the connection's settings: a token belongs to the credential that it was given for. */
  readonly version: string;
  readonly origins: Origins;
  readonly remap: (origin: string) => URL | undefined;
  readonly sender: Sender;
  readonly resilience: Resilience;
  readonly state: State;
  readonly clock: Clock;
  readonly log: Logger;
  /** Told of every token, so that it is redacted. */
  onSecret(secret: string): void;
}

const kept = z.object({ version: z.string(), accessToken: z.string(), origin: z.string().optional(), expiresAt: z.number() });
type Kept = z.output<typeof kept>;
const tokenAnswer = z.looseObject({ access_token: z.string().min(1), expires_in: z.coerce.number().positive().optional() });
const stateKey = 'token';
/** A token is replaced this long before it ends, so that none ends on its way. */
const marginMs = 30_000;
const requestTimeoutMs = 15_000;

/** Turns a declaration into a source of tokens. Undefined where the connector declares none. */
export function createTokenSource(authorization: Authorization | undefined, options: TokenSourceOptions): TokenSource | undefined {
  if (!authorization) return undefined;
  switch (authorization.kind) {
    case 'bearer':
      return fixed(`Bearer ${authorization.token}`);
    case 'basic': {
      const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(`${authorization.username}:${authorization.password}`)));
      options.onSecret(encoded);
      return fixed(`Basic ${encoded}`);
    }
    case 'client-credentials':
      return clientCredentials(authorization, options);
  }
}

function fixed(header: string): TokenSource {
  const token = { header };
  return { get: async () => token, renew: () => false };
}

/** OAuth 2 client credentials (RFC 6749, 4.4). One refresh at a time in this process, one winner among replicas. */
function clientCredentials(authorization: Authorization & { kind: 'client-credentials' }, options: TokenSourceOptions): TokenSource {
  const { state, clock } = options;
  let current: { kept: Kept; token: Token } | undefined;
  let refused: string | undefined;
  let refreshing: Promise<Token> | undefined;

  const use = (value: Kept): Token => {
    options.onSecret(value.accessToken);
    current = { kept: value, token: { header: `Bearer ${value.accessToken}`, origin: value.origin } };
    return current.token;
  };
  const good = (value: Kept): boolean =>
    value.version === options.version && value.accessToken !== refused && value.expiresAt - marginMs > clock.now();

  async function refresh(): Promise<Token> {
    const stored = await shared(() => state.get(stateKey, kept));
    if (stored && good(stored.value)) return use(stored.value);
    const fresh = await requestToken(authorization, options);
    // Another replica may have been first. Both tokens are good; keeping the winner's makes all replicas use one.
    if ((await shared(() => state.set(stateKey, fresh, stored?.version))) === false) {
      const winner = await shared(() => state.get(stateKey, kept));
      if (winner && good(winner.value)) return use(winner.value);
    }
    return use(fresh);
  }

  /** A store that is away, or whose seal is broken, costs a token more and no call. */
  async function shared<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (err) {
      options.log.warn(
        { connector: options.connector, connection: options.connection, err },
        'a token could not be shared through the state',
      );
      return undefined;
    }
  }

  return {
    async get() {
      if (current && good(current.kept)) return current.token;
      refreshing ??= refresh().finally(() => (refreshing = undefined));
      return await refreshing;
    },
    renew(token) {
      const accessToken = token.header.slice('Bearer '.length);
      // A later token than the refused one may be here already: then there is nothing to forget.
      if (current?.kept.accessToken === accessToken) current = undefined;
      refused = accessToken;
      return true;
    },
  };
}

async function requestToken(authorization: Authorization & { kind: 'client-credentials' }, options: TokenSourceOptions): Promise<Kept> {
  const { clock, origins, resilience, sender } = options;
  const url = new URL(authorization.tokenUrl);
  if (!origins.allows(url.origin)) throw new TypeError(`The token URL's origin ${url.origin} is not among the connector's origins`);
  const fields = {
    grant_type: 'client_credentials',
    client_id: authorization.clientId,
    client_secret: authorization.clientSecret,
    scope: authorization.scope,
    ...authorization.fields,
  };
  // A refresh belongs to no call, so it has a time of its own; and guards of its own, since the requests that wait for it hold slots.
  const own = new AbortController();
  const deadlineAt = clock.now() + requestTimeoutMs;
  const attempt = {
    connector: options.connector,
    connection: `${options.connection}#token`,
    operation: `POST ${url.pathname}`,
    retry: 'safe' as const,
    signal: own.signal,
    deadlineAt,
  };
  try {
    return await resilience.execute(attempt, async (signal) => {
      try {
        const response = await sender.send({
          method: 'POST',
          url,
          headers: {
            accept: 'application/json',
            'content-type': authorization.body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
          },
          body: authorization.body === 'json' ? JSON.stringify(fields) : formBody(fields),
          remap: options.remap(url.origin),
          signal,
        });
        const data = await readBody(response.body, 64 * 1024);
        if (response.status < 200 || response.status > 299) throw refusal(response.status, response.headers, clock.now());
        const parsed = tokenAnswer.safeParse(data);
        if (!parsed.success)
          throw new UpstreamError('UPSTREAM_INVALID', 'The vendor’s token answer holds no access token.', {
            executed: true,
            transient: false,
          });
        const origin = authorization.origin?.(parsed.data);
        if (origin !== undefined && !origins.allows(origin))
          throw new UpstreamError('UPSTREAM_INVALID', 'The vendor’s token names an origin that the connector does not allow.', {
            executed: true,
            transient: false,
          });
        const ttlMs = parsed.data.expires_in === undefined ? (authorization.ttlMs ?? 30 * 60_000) : parsed.data.expires_in * 1000;
        return {
          version: options.version,
          accessToken: parsed.data.access_token,
          expiresAt: clock.now() + Math.max(ttlMs, marginMs + 1000),
          ...(origin !== undefined && { origin }),
        };
      } catch (error) {
        if (error instanceof SendError)
          throw new UpstreamError('UPSTREAM_UNAVAILABLE', 'The vendor’s token endpoint could not be reached.', {
            executed: false,
            transient: true,
            cause: error,
          });
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof UpstreamError) throw new ToolError(error.code, error.message, { cause: error, retryAfterMs: error.retryAfterMs });
    throw error;
  }
}

function refusal(status: number, headers: Headers, nowMs: number): UpstreamError {
  if (status === 400 || status === 401 || status === 403) {
    return new UpstreamError(
      'UNAUTHENTICATED',
      'The vendor refused the connection’s OAuth client. Someone must correct its id, secret or scope in the connection’s settings.',
      { executed: false, transient: false, status },
    );
  }
  const failure = readFailure({ status, headers, data: undefined });
  return new UpstreamError(failure.code, `No token could be had: ${failure.message}`, {
    executed: false,
    transient: status === 429 || status >= 500,
    retryAfterMs: waitOf(failure.code, headers, nowMs),
    status,
  });
}
