import type { Connector } from '../../connector/connector.ts';
import { createOrigins } from '../../upstream/origins.ts';

/** Values that a hostile tenant may write into a setting that becomes part of an origin. */
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

/** Lists the problems with a connector's origins, for the given settings and for a hostile value in each setting. */
export function hostsOf(connector: Connector, config: object): readonly string[] {
  const good = originsOf(connector, config);
  if (good.refused !== undefined) return [`config does not accept the sandbox's settings: ${good.refused}`];
  if (good.fault !== undefined) return [good.fault];
  const sites = good.origins.map(siteOf);
  return Object.keys(connector.config.shape).flatMap((name) =>
    hostile.flatMap((value) => {
      const { refused, fault, origins } = originsOf(connector, { ...config, [name]: value });
      if (refused !== undefined) return [];
      const problem = fault ?? origins.find((origin) => !sites.includes(siteOf(origin)));
      return problem === undefined ? [] : [`with ${JSON.stringify(value)} as config.${name}: ${problem}. Give the field a pattern`];
    }),
  );
}

/** Returns the origins of settings, a fault in the origins, or the reason why `config` refuses the settings. */
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
      return { origins, fault: `the token URL ${tokenUrl} has no declared origin` };
    return { origins };
  } catch (error) {
    return { origins: [], fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Returns the last two labels of an origin's host, which a vendor owns. */
const siteOf = (origin: string): string =>
  origin
    .split('.')
    .slice(-2)
    .join('.')
    .replace(/^https:\/\//, '');
