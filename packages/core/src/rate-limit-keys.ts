import type { Principal } from './principal.ts';

/** What the limits count a caller under. No two callers meet, whatever their names are. */
export interface RateLimitKeys {
  readonly own: string;
  readonly tenant: string;
  connector(id: string): string;
}

/** Remembers them for as long as somebody remembers the principal: to make them anew takes several times as long as to count. */
export function rateLimitKeys(): (principal: Principal) => RateLimitKeys {
  const known = new WeakMap<Principal, RateLimitKeys>();
  return (principal) => {
    let keys = known.get(principal);
    if (!keys) known.set(principal, (keys = keysOf(principal)));
    return keys;
  };
}

function keysOf({ tenant, id }: Principal): RateLimitKeys {
  // As many as the host has connectors.
  const connectors = new Map<string, string>();
  return {
    own: JSON.stringify([tenant, id]),
    tenant: JSON.stringify([tenant]),
    connector(connector) {
      let key = connectors.get(connector);
      if (key === undefined) connectors.set(connector, (key = JSON.stringify([tenant, connector])));
      return key;
    },
  };
}
