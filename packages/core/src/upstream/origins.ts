/** The origins that a connection may send requests to. */
export interface Origins {
  /** The origin of a request that names none. Undefined if the first entry is a pattern. */
  readonly first: string | undefined;
  allows(origin: string): boolean;
}

const wildcard = /^https:\/\/\*\.([a-z0-9-]+(?:\.[a-z0-9-]+)+)$/;

/**
 * Reads a connector's `origins(config)`: exact HTTPS origins, or `https://*.example.com`, where `*.` matches any number of labels.
 *
 * @throws {TypeError} for anything else, including a path, or a pattern with a port, because a typo must not allow further origins.
 */
export function createOrigins(list: readonly string[]): Origins {
  const exact = new Set<string>();
  const suffixes: string[] = [];
  for (const entry of list) {
    const pattern = wildcard.exec(entry);
    if (pattern) suffixes.push(`.${pattern[1]}`);
    else if (entry.startsWith('https://') && !entry.includes('*') && URL.canParse(entry) && new URL(entry).origin === entry)
      exact.add(entry);
    else throw new TypeError(`"${entry}" is not an HTTPS origin such as https://api.example.com or https://*.example.com`);
  }
  return {
    first: list[0] !== undefined && exact.has(list[0]) ? list[0] : undefined,
    allows: (origin) => {
      if (exact.has(origin)) return true;
      if (!origin.startsWith('https://') || !URL.canParse(origin)) return false;
      const url = new URL(origin);
      return (
        url.origin === origin &&
        url.port === '' &&
        suffixes.some((suffix) => url.hostname.endsWith(suffix) && url.hostname.length > suffix.length)
      );
    },
  };
}
