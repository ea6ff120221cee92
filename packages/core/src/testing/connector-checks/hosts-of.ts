import type { Connector } from '../../connector/connector.ts';
import { createOrigins } from '../../upstream/origins.ts';

/** What a tenant may write into a setting that is put into an origin. */
const hostile = [
  'evil.example',
  'evil.example/',
  'evil.example#',
  'evil.example?',
  'x@evil.example',
  'evil.example:8443/',
  '*.evil',
  'x.evil.example',
];

/** What is wrong with a connector's origins: with the settings as they are, and with each of them as a tenant may write it. */
export function hostsOf(connector: Connector, config: object): readonly string[] {
  const given = originsOf(connector, config);
  if (given.refused !== undefined) return [`config does not take the sandbox's settings: ${given.refused}`];
  if (given.fault !== undefined) return [given.fault];
  const sites = given.origins.map(siteOf);
  return Object.keys(connector.config.shape).flatMap((name) =>
    hostile.flatMap((value) => {
      const { refused, fault, origins } = originsOf(connector, { ...config, [name]: value });
      if (refused !== undefined) return [];
      const strange = fault ?? origins.find((origin) => !sites.includes(siteOf(origin)));
      return strange === undefined ? [] : [`with ${JSON.stringify(value)} as config.${name}: ${strange}. Give the field a pattern`];
    }),
  );
}

/** Where settings lead to: the origins, a fault in them, or that the settings are refused. */
function originsOf(
  connector: Connector,
  config: object,
): { readonly origins: readonly string[]; readonly fault?: string; readonly refused?: string } {
  const parsed = connector.config.safeParse(config);
  if (!parsed.success) return { origins: [], refused: parsed.error.message };
  try {
    const origins = connector.origins?.(parsed.data) ?? [];
    const allowed = createOrigins(origins);
    const authorization = connector.authorization?.(parsed.data);
    const tokenUrl = authorization && 'tokenUrl' in authorization ? authorization.tokenUrl : undefined;
    if (tokenUrl !== undefined && !allowed.allows(new URL(tokenUrl).origin))
      return { origins, fault: `the token URL ${tokenUrl} is of no declared origin` };
    return { origins };
  } catch (error) {
    return { origins: [], fault: error instanceof Error ? error.message : String(error) };
  }
}

/** The last two labels of an origin's host: what a vendor owns. */
const siteOf = (origin: string): string =>
  origin
    .split('.')
    .slice(-2)
    .join('.')
    .replace(/^https:\/\//, '');
