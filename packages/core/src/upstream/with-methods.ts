import type { Http } from '../connector/http.ts';

/** Adds `get`, `post`, `put`, `patch` and `delete`, each as a call to `request`. */
export function withMethods({ request, rows }: Pick<Http, 'request' | 'rows'>): Http {
  return {
    request,
    get: (options, context) => request({ ...options, method: 'GET' }, context),
    post: (options, context) => request({ ...options, method: 'POST' }, context),
    put: (options, context) => request({ ...options, method: 'PUT' }, context),
    patch: (options, context) => request({ ...options, method: 'PATCH' }, context),
    delete: (options, context) => request({ ...options, method: 'DELETE' }, context),
    rows,
  };
}
