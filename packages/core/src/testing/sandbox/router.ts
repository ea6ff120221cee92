/** The route of a request, if it has one. */
interface Found<Handler> {
  readonly route: string | undefined;
  /** The decoded values of the route's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly handler: Handler | undefined;
}

/**
 * Finds handlers by `METHOD /path/{name}`. If two routes fit, the route with the earlier literal segment wins, regardless of the order of
 * declaration.
 *
 * @throws {TypeError} if a route does not have this form.
 */
export function createRouter<Handler>(routes: Readonly<Record<string, Handler>>): (method: string, path: string) => Found<Handler> {
  const isName = (segment: string | undefined): boolean => segment?.startsWith('{') === true;
  const compiled = Object.entries(routes).map(([route, handler]) => {
    const [method, template] = route.split(' ');
    if (!method || !template?.startsWith('/')) throw new TypeError(`"${route}" is not a route: write "GET /path/{name}"`);
    return { route, handler, method, segments: template.split('/') };
  });
  compiled.sort(({ segments: a }, { segments: b }) => {
    const index = a.findIndex((segment, position) => isName(segment) !== isName(b[position]));
    return index < 0 ? 0 : isName(a[index]) ? 1 : -1;
  });
  return (method, path) => {
    const requested = path.split('/');
    for (const { route, handler, method: routeMethod, segments } of compiled) {
      if (routeMethod !== method || segments.length !== requested.length) continue;
      if (!segments.every((segment, index) => (isName(segment) ? requested[index] !== '' : segment === requested[index]))) continue;
      const params = segments.flatMap((segment, index) =>
        isName(segment) ? [[segment.slice(1, -1), decode(requested[index] ?? '')]] : [],
      );
      return { route, handler, params: Object.fromEntries(params) as Record<string, string> };
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
