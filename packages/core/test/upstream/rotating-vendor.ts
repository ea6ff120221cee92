import { startSimulator, type Simulator } from '../../src/testing/index.ts';

/** A vendor that issues a new refresh token with each access token. */
export interface RotatingVendor {
  readonly simulator: Simulator;
  /** The refresh tokens that it received, oldest first. */
  readonly received: readonly string[];
  /** How often it has issued tokens. */
  readonly renewals: number;
  /** Refuses the access tokens that it has issued. */
  expire(): void;
  /** Accepts the next refresh token that was already used once, and issues a newer token for it. */
  forgive(): void;
  /** From now on, refresh tokens stay valid and answers contain no new refresh tokens. */
  stopRotating(): void;
}

/**
 * Starts a vendor that accepts `refresh-a-0` and `refresh-b-0`, of two authorizations, and issues `refresh-a-1` for the first. It is as
 * strict as any: a refresh token that is used twice counts as stolen, and ends its authorization permanently. Access tokens live 30
 * minutes.
 */
export async function startRotatingVendor(): Promise<RotatingVendor> {
  const newest = new Map([
    ['a', 0],
    ['b', 0],
  ]);
  const good = new Set<string>();
  const received: string[] = [];
  let renewals = 0;
  let rotates = true;
  let forgives = false;
  const simulator = await startSimulator({
    routes: {
      'POST /oauth/token': ({ body }) => {
        const { refresh_token = '', ...rest } = body as Record<string, string>;
        if (JSON.stringify(rest) !== '{"grant_type":"refresh_token","client_id":"client-1","client_secret":"canary-client"}')
          return { status: 400, body: { error: 'invalid_request' } };
        received.push(refresh_token);
        const [, family = '', number] = refresh_token.split('-');
        const last = newest.get(family) ?? -1;
        const spent = last !== Number(number);
        if (spent && !(forgives && last === Number(number) + 1)) {
          newest.delete(family);
          return { status: 400, body: { error: 'invalid_grant', error_description: `no more: ${refresh_token}` } };
        }
        if (spent) forgives = false;
        renewals += 1;
        const access_token = `access-${renewals}`;
        good.add(`Bearer ${access_token}`);
        if (!rotates) return { status: 200, body: { access_token, expires_in: 1_800 } };
        newest.set(family, last + 1);
        return { status: 200, body: { access_token, expires_in: 1_800, refresh_token: `refresh-${family}-${last + 1}` } };
      },
      'GET /thing': ({ headers }) => (good.has(headers['authorization'] ?? '') ? { status: 200, body: {} } : { status: 401, body: {} }),
    },
  });
  return {
    simulator,
    received,
    get renewals() {
      return renewals;
    },
    expire: () => good.clear(),
    forgive: () => (forgives = true),
    stopRotating: () => (rotates = false),
  };
}
