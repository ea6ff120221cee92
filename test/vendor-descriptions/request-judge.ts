import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';

/** A request as it went over the wire. */
export interface JudgedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** By lower-case name. Absent: the request is a part of another request and has no headers of its own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The judgment of one request. */
export interface Verdict {
  /** For example `GET /api/v2/tickets/{ticket_id}`. Undefined: the description has no such operation. */
  readonly operation: string | undefined;
  readonly violations: readonly string[];
  /** The query parameters that the operation requires. */
  readonly required: readonly string[];
}

/** A parameter that the vendor documents only in prose. */
interface AddedParameter {
  /** The page and its heading. */
  readonly page: string;
  readonly schema: object;
}

/** Facts that the vendor documents in prose and leaves out of its description, by operation. */
export interface Additions {
  readonly [operation: string]: {
    readonly query?: Readonly<Record<string, AddedParameter>>;
    /** Parameters in the path. */
    readonly path?: Readonly<Record<string, AddedParameter>>;
    /** Parts of the body, by path, each with the schema that replaces the description's. */
    readonly body?: Readonly<Record<string, object>>;
    /** The schema of a body that the description does not mention at all. */
    readonly whole?: object;
  };
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: object;
}

type Json = Record<string, unknown>;

/**
 * Creates a judge that checks requests against an OpenAPI 3.0 description: the operation, its path, query and header parameters, its body
 * and the type of the body. Stricter than the description, it also refuses properties of the body that the description does not know. The
 * judge throws if a schema does not compile, since it would otherwise accept every request.
 */
export function createJudge(description: Json, additions: Additions): (request: JudgedRequest) => Verdict {
  const document = withNulls(structuredClone(description)) as Json;
  for (const [name, { whole }] of Object.entries(additions)) {
    const [method = '', template = ''] = name.split(' ');
    if (whole)
      (at(document, ['paths', template, method.toLowerCase()]) as Json)['requestBody'] = {
        content: { 'application/json': { schema: whole } },
      };
  }
  // Coercion is for parameters, which are text on the wire. Bodies are judged as they are.
  const ajv = formats.default(new Ajv({ strict: false, allErrors: true, validateSchema: false }));
  const coercing = formats.default(new Ajv({ strict: false, coerceTypes: true, validateSchema: false }));
  ajv.addSchema(document, 'description');
  const compiled = new Map<object, ValidateFunction>();
  /** Compiles each schema once: compiling takes much longer than validating, and every request needs the validator. */
  function validatorOf(schema: object, compile: () => ValidateFunction): ValidateFunction {
    const validate = compiled.get(schema) ?? compile();
    compiled.set(schema, validate);
    return validate;
  }
  const ofParameter = (schema: object) =>
    validatorOf(schema, () => coercing.compile({ type: 'object', properties: { value: withNulls(structuredClone(schema)) } }));
  const resolve = (value: unknown): Json => {
    const ref = (value as Json)['$ref'];
    return typeof ref === 'string' ? resolve(at(document, ref.slice(2).split('/'))) : (value as Json);
  };

  function operationOf(
    method: string,
    path: string,
  ):
    | {
        readonly name: string;
        readonly operation: Json;
        readonly parameters: readonly Parameter[];
        readonly params: Json;
        readonly pointer: string;
      }
    | undefined {
    const given = path.split('/');
    const templates = Object.keys(document['paths'] as Json).filter((template) => {
      const segments = template.split('/');
      return segments.length === given.length && segments.every((segment, index) => segment.startsWith('{') || segment === given[index]);
    });
    // A literal path wins over a path with parameters.
    const [template] = templates.sort((a, b) => a.split('{').length - b.split('{').length);
    if (template === undefined) return undefined;
    const item = at(document, ['paths', template]) as Json;
    const operation = item[method.toLowerCase()] as Json | undefined;
    if (!operation) return undefined;
    const parameters = [...((item['parameters'] as unknown[]) ?? []), ...((operation['parameters'] as unknown[]) ?? [])].map(
      (one) => resolve(one) as unknown as Parameter,
    );
    const params = Object.fromEntries(
      template
        .split('/')
        .flatMap((segment, index) => (segment.startsWith('{') ? [[segment.slice(1, -1), decodeURIComponent(given[index] ?? '')]] : [])),
    );
    return {
      name: `${method} ${template}`,
      operation,
      parameters,
      params,
      pointer: `description#/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1')}/${method.toLowerCase()}`,
    };
  }

  /** Returns the schema of each property that a schema knows, joined from all its parts. */
  function propertiesOf(schema: unknown): Map<string, { readonly allOf: unknown[] }> {
    const resolved = resolve(schema);
    const known = new Map<string, { readonly allOf: unknown[] }>();
    const add = (name: string, parts: unknown[]) => known.set(name, { allOf: [...(known.get(name)?.allOf ?? []), ...parts] });
    for (const [name, part] of Object.entries((resolved['properties'] as Json | undefined) ?? {})) add(name, [part]);
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      for (const part of (resolved[keyword] as unknown[] | undefined) ?? [])
        for (const [name, { allOf }] of propertiesOf(part)) add(name, allOf);
    }
    return known;
  }

  /** Returns the joined schema of a list's items, or undefined if the schema does not describe them. */
  function itemsOf(schema: unknown): { readonly allOf: unknown[] } | undefined {
    const resolved = resolve(schema);
    const parts = ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => (resolved[keyword] as unknown[] | undefined) ?? []);
    const found = [resolved['items'] ?? [], ...parts.flatMap((part) => itemsOf(part)?.allOf ?? [])].flat();
    return found.length > 0 ? { allOf: found } : undefined;
  }

  function* unknownProperties(schema: unknown, value: unknown, path: string): Generator<string> {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const items = itemsOf(schema);
      if (items) for (const [index, item] of value.entries()) yield* unknownProperties(items, item, `${path}[${index}]`);
      return;
    }
    const properties = propertiesOf(schema);
    // A map, whose keys are up to the caller.
    if (properties.size === 0) return;
    for (const [name, part] of Object.entries(value)) {
      const known = properties.get(name);
      if (known) yield* unknownProperties(known, part, `${path}.${name}`);
      else yield `${path}.${name} is not in the description`;
    }
  }

  function* bodyViolations(
    pointer: string,
    operation: Json,
    { body, headers }: JudgedRequest,
    extra: Readonly<Record<string, object>>,
  ): Generator<string> {
    const requestBody = operation['requestBody'];
    if (!requestBody) return;
    const types = Object.keys(at(requestBody, ['content']) as Json);
    const given = headers?.['content-type']?.split(';')[0];
    if (headers && body !== undefined && !types.includes(given ?? '')) yield `header content-type: ${given} is not in the description`;
    const type = types.find((one) => one === given) ?? types[0] ?? '';
    const rest = structuredClone(body);
    for (const [path, schema] of Object.entries(extra)) {
      const value = take(rest, path.split('.'));
      if (value !== undefined)
        yield* errorsOf(
          validatorOf(schema, () => ajv.compile(schema)),
          value,
          path,
        );
    }
    const schemaPointer = `${pointer}/requestBody/content/${type.replaceAll('/', '~1')}/schema`;
    const validate = ajv.getSchema(schemaPointer) ?? ajv.compile({ $ref: schemaPointer });
    yield* errorsOf(validate, rest, 'body');
    const schema = at(requestBody, ['content', type, 'schema']);
    yield* unknownProperties(schema, rest, 'body');
  }

  function* violationsOf(request: JudgedRequest): Generator<string> {
    const found = operationOf(request.method, request.path);
    if (!found) return;
    const { name, operation, parameters, params, pointer } = found;
    const extra = additions[name] ?? {};
    for (const parameter of parameters) {
      if (parameter.in === 'header' && !request.headers) continue;
      const value =
        parameter.in === 'path'
          ? params[parameter.name]
          : parameter.in === 'header'
            ? request.headers?.[parameter.name.toLowerCase()]
            : request.query.get(parameter.name);
      if (value === null || value === undefined) {
        if (parameter.required) yield `${parameter.in}: ${parameter.name} is missing`;
      } else if (parameter.schema) {
        yield* errorsOf(ofParameter(parameter.schema), { value }, `${parameter.in} ${parameter.name}`);
      }
    }
    for (const [key, { schema }] of Object.entries(extra.path ?? {}))
      yield* errorsOf(ofParameter(schema), { value: params[key] }, `path ${key}`);
    const names = new Set(parameters.filter((parameter) => parameter.in === 'query').map((parameter) => parameter.name));
    for (const [key, value] of request.query) {
      const added = extra.query?.[key];
      if (added) yield* errorsOf(ofParameter(added.schema), { value }, `query ${key}`);
      else if (!names.has(key)) yield `query: ${key} is not in the description`;
      if (request.query.getAll(key).length > 1) yield `query: ${key} is given more than once`;
    }
    yield* bodyViolations(pointer, operation, request, extra.body ?? {});
    if (request.body !== undefined && !operation['requestBody']) yield 'body: the description has none';
  }

  return (request) => {
    const found = operationOf(request.method, request.path);
    const required = found?.parameters.filter((one) => one.in === 'query' && one.required === true) ?? [];
    return { operation: found?.name, violations: [...violationsOf(request)], required: required.map(({ name }) => name) };
  };
}

function errorsOf(validate: ValidateFunction, value: unknown, where: string): string[] {
  return validate(value) === true ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath}: ${message}`);
}

/** OpenAPI 3.0 writes `nullable: true` where JSON Schema lists the type `null`. */
function withNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  for (const part of Object.values(value)) withNulls(part);
  const schema = value as Json;
  if (schema['nullable'] === true && typeof schema['type'] === 'string') schema['type'] = [schema['type'], 'null'];
  return value;
}

const at = (value: unknown, path: readonly string[]): unknown => path.reduce((part, key) => (part as Json)[key], value);

/** Removes a part from a body and returns it. */
function take(body: unknown, path: readonly string[]): unknown {
  const [key = '', ...rest] = path;
  const parent = body as Json | undefined;
  if (rest.length > 0) return parent?.[key] === undefined ? undefined : take(parent[key], rest);
  const value = parent?.[key];
  delete parent?.[key];
  return value;
}
