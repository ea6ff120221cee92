/** The route that takes a request, if one does. */
interface Found<Handler> {
  readonly route: string | undefined;
  /** The decoded values of the route's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly handler: Handler | undefined;
}

/**
 * Finds handlers by `METHOD /path/{name}`. Where two routes fit, the one with the earlier literal segment wins, whatever their order.
 *
 * @throws {TypeError} for a route that is not written so.
 */
export function createRouter<Handler>(routes: Readonly<Record<string, Handler>>): (method: string, path: string) => Found<Handler> {
  const isName = (segment: string | undefined): boolean => segment?.startsWith('{') === true;
  const compiled = Object.entries(routes).map(([route, handler]) => {
    const [method, template] = route.split(' ');
    if (!method || !template?.startsWith('/')) throw new TypeError(`"${route}" is not a route: write "GET /path/{name}"`);
    return { route, handler, method, segments: template.split('/') };
  });
  compiled.sort(({ segments: a }, { segments: b }) => {
    const index = a.findIndex((segment, at) => isName(segment) !== isName(b[at]));
    return index < 0 ? 0 : isName(a[index]) ? 1 : -1;
  });
  return (method, path) => {
    const given = path.split('/');
    for (const { route, handler, method: wanted, segments } of compiled) {
      if (wanted !== method || segments.length !== given.length) continue;
      if (!segments.every((segment, at) => (isName(segment) ? given[at] !== '' : segment === given[at]))) continue;
      const named = segments.flatMap((segment, at) => (isName(segment) ? [[segment.slice(1, -1), decode(given[at] ?? '')]] : []));
      return { route, handler, params: Object.fromEntries(named) as Record<string, string> };
    }
    return { route: undefined, handler: undefined, params: {} };
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
