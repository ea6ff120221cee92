import type { JudgedRequest, RequestJudge, RequestVerdict } from './request-judge.ts';

/** A value that fits no field: it is not a number, not a date and not a word from any list. */
const misfit = '~';
/** A name that no parameter and no field has. */
const unknownName = 'busbar_unknown';

/** A request with one fault, and the place of the fault: `query page_size`. */
interface FaultyRequest {
  readonly where: string;
  readonly request: JudgedRequest;
}

/** Breaks a request in each part of its path, query and body in turn. `freeForm` names fields whose content is up to the caller. */
function* faultyRequests(
  request: JudgedRequest,
  { operation = '', required }: RequestVerdict,
  freeForm: readonly string[],
): Generator<FaultyRequest> {
  const template = operation.split(' ')[1]?.split('/') ?? [];
  for (const [index, segment] of template.entries()) {
    if (!segment.startsWith('{')) continue;
    const path = request.path.split('/').with(index, misfit).join('/');
    yield { where: `path ${segment}`, request: { ...request, path } };
  }

  const withQuery = (change: (query: URLSearchParams) => void): JudgedRequest => {
    const query = new URLSearchParams(request.query);
    change(query);
    return { ...request, query };
  };
  yield { where: 'query with an unknown parameter', request: withQuery((query) => query.set(unknownName, 'red')) };
  for (const name of new Set(request.query.keys())) {
    yield { where: `query ${name}`, request: withQuery((query) => query.set(name, misfit)) };
    yield { where: `query ${name} twice`, request: withQuery((query) => query.append(name, query.get(name) ?? '')) };
  }
  for (const name of required) yield { where: `query without ${name}`, request: withQuery((query) => query.delete(name)) };

  if (request.body === undefined) yield { where: 'a body where there is none', request: { ...request, body: { [unknownName]: 'red' } } };
  else {
    yield { where: 'no body', request: { ...request, body: undefined } };
    const { headers } = request;
    if (headers) yield { where: 'body of another type', request: { ...request, headers: { ...headers, 'content-type': 'text/plain' } } };
    for (const [where, body] of faultyBodies(request.body, freeForm)) yield { where: `body ${where}`, request: { ...request, body } };
  }
}

/** Breaks one field of the body at a time: replaces it with a list of lists, which no field is, or adds an unknown key. */
function* faultyBodies(body: unknown, freeForm: readonly string[], path: readonly (string | number)[] = []): Generator<[string, unknown]> {
  const here = path.reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], body);
  const where = path.map((key) => (typeof key === 'number' ? '[]' : key)).join('.');
  if (path.length > 0) yield [where, replaced(body, path, [[0]])];
  if (typeof here !== 'object' || here === null || freeForm.includes(String(path.at(-1)))) return;
  if (!Array.isArray(here)) yield [`${where} with an unknown key`.trimStart(), replaced(body, [...path, unknownName], 'red')];
  for (const key of Object.keys(here)) yield* faultyBodies(body, freeForm, [...path, Array.isArray(here) ? Number(key) : key]);
}

function replaced(body: unknown, path: readonly (string | number)[], value: unknown): unknown {
  const copy = structuredClone(body);
  const parent = path.slice(0, -1).reduce<unknown>((part, key) => (part as Record<string | number, unknown>)[key], copy);
  (parent as Record<string | number, unknown>)[path.at(-1) ?? ''] = value;
  return copy;
}

/**
 * Breaks each part of every request in turn. `passed` lists the faults that the judge misses because the description allows them. It is
 * sorted by operation and place. `caught` counts the faults that the judge finds in each operation.
 */
export function trySeededFaults(
  requests: readonly JudgedRequest[],
  judge: RequestJudge,
  freeForm: readonly string[] = [],
): { readonly passed: readonly string[]; readonly caught: ReadonlyMap<string, number> } {
  const passed = new Set<string>();
  const caught = new Map<string, number>();
  for (const request of requests) {
    const verdict = judge(request);
    const { operation } = verdict;
    if (operation === undefined) continue;
    for (const faulty of faultyRequests(request, verdict, freeForm)) {
      const { operation: other, violations } = judge(faulty.request);
      // The fault turned the request into another operation, or none, so this operation need not refuse it.
      if (violations.length > 0 || other !== operation) caught.set(operation, (caught.get(operation) ?? 0) + 1);
      else passed.add(`${operation}: ${faulty.where}`);
    }
  }
  return { passed: [...passed].toSorted(), caught };
}
