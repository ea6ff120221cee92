import { ApiDescription, escapePointer, listNullTypes, type FoundOperation, type Json } from './api-description.ts';
import { createSchemaValidators, type SchemaValidators, type ValidateFunction } from './schema-validators.ts';
import { withUndescribed, type UndescribedOperation } from './undescribed-operations.ts';

/** A request as it went over the wire. A `SimulatorRequest` is one. */
export interface JudgedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  /** The headers, by lower-case name. Absent: the request is a part of another request and has no headers of its own. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The judgment of one request. */
export interface RequestVerdict {
  /** For example `GET /api/v2/tickets/{ticket_id}`. Undefined if the description has no such operation. */
  readonly operation: string | undefined;
  readonly violations: readonly string[];
  /** The query parameters that the operation requires. */
  readonly required: readonly string[];
}

/** A parameter that the vendor documents only in prose. */
export interface AddedParameter {
  /** The page of the vendor's documentation and the heading on it: `Search, Sorting`. */
  readonly page: string;
  readonly schema: object;
}

/** Facts about one operation that the vendor documents in prose and leaves out of its description. */
export interface DescriptionAddition {
  readonly query?: Readonly<Record<string, AddedParameter>>;
  /** Path parameters. They are checked in addition to the description's own. */
  readonly path?: Readonly<Record<string, AddedParameter>>;
  /** Fields of the body, by path (`ticket.requester`), each with the schema that replaces the description's own. */
  readonly fields?: Readonly<Record<string, object>>;
  /** The schema of a body that the description does not mention at all. */
  readonly body?: object;
}

/** The gaps in a vendor's description, by operation: `GET /tickets/{id}`. */
export interface DescriptionGaps {
  /** Additions to operations that the description has. */
  readonly additions?: Readonly<Record<string, DescriptionAddition>> | undefined;
  /** Operations that the description leaves out. */
  readonly undescribed?: Readonly<Record<string, UndescribedOperation>> | undefined;
}

/** Judges one request. */
export type RequestJudge = (request: JudgedRequest) => RequestVerdict;

/**
 * Creates a judge that checks requests against an OpenAPI 3.0 description: the operation, its path, query and header parameters, its body
 * and the type of the body. It is stricter than the description, because it also refuses properties of the body that the description does
 * not have. The judge throws if a schema does not compile, since it would otherwise accept every request.
 *
 * @throws {Error} if ajv or ajv-formats is not installed, or if the description already has an operation from `undescribed`.
 */
export async function createRequestJudge(
  description: Readonly<Record<string, unknown>>,
  { additions = {}, undescribed = {} }: DescriptionGaps = {},
): Promise<RequestJudge> {
  const validators = await createSchemaValidators();
  const document = structuredClone(withUndescribed(description, undescribed));
  for (const [name, { body }] of Object.entries(additions)) {
    const [method = '', template = ''] = name.split(' ');
    const paths = document['paths'] as Record<string, Record<string, Json>>;
    const operation = paths[template]?.[method.toLowerCase()];
    if (!operation) throw new Error(`The description has no ${name} to add to: list it as undescribed`);
    if (body) operation['requestBody'] = { content: { 'application/json': { schema: structuredClone(body) } } };
  }
  const judge = new Judge(new ApiDescription(document), additions, validators);
  return (request) => judge.judge(request);
}

const descriptionId = 'description';

class Judge {
  readonly #description: ApiDescription;
  readonly #additions: Readonly<Record<string, DescriptionAddition>>;
  readonly #validators: SchemaValidators;
  // Compiling a schema takes much longer than validating, and every request needs its validators.
  readonly #compiled = new Map<object, ValidateFunction>();

  constructor(description: ApiDescription, additions: Readonly<Record<string, DescriptionAddition>>, validators: SchemaValidators) {
    this.#description = description;
    this.#additions = additions;
    this.#validators = validators;
    validators.bodies.addSchema(description.document, descriptionId);
  }

  judge(request: JudgedRequest): RequestVerdict {
    const operation = this.#description.findOperation(request.method, request.path);
    if (!operation) return { operation: undefined, violations: [], required: [] };
    const required = operation.parameters.filter((parameter) => parameter.in === 'query' && parameter.required === true);
    const addition = this.#additions[operation.name] ?? {};
    return {
      operation: operation.name,
      violations: [
        ...this.#describedParameters(operation, request),
        ...this.#addedPathParameters(operation, addition),
        ...this.#queryParameters(operation, request, addition),
        ...this.#body(operation, request, addition),
      ],
      required: required.map(({ name }) => name),
    };
  }

  *#describedParameters({ parameters, pathValues }: FoundOperation, { headers, query }: JudgedRequest): Generator<string> {
    for (const { name, in: where, required, schema } of parameters) {
      if (where === 'header' && !headers) continue;
      const value = where === 'path' ? pathValues[name] : where === 'header' ? headers?.[name.toLowerCase()] : query.get(name);
      if (value === null || value === undefined) {
        if (required) yield `${where}: ${name} is missing`;
      } else if (schema) {
        yield* this.#parameterErrors(schema, value, `${where} ${name}`);
      }
    }
  }

  *#addedPathParameters({ pathValues }: FoundOperation, { path = {} }: DescriptionAddition): Generator<string> {
    for (const [name, { schema }] of Object.entries(path)) yield* this.#parameterErrors(schema, pathValues[name], `path ${name}`);
  }

  *#queryParameters({ parameters }: FoundOperation, { query }: JudgedRequest, addition: DescriptionAddition): Generator<string> {
    const names = new Set(parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name));
    for (const [name, value] of query) {
      const added = addition.query?.[name];
      if (added) yield* this.#parameterErrors(added.schema, value, `query ${name}`);
      else if (!names.has(name)) yield `query: ${name} is not in the description`;
      if (query.getAll(name).length > 1) yield `query: ${name} is given more than once`;
    }
  }

  *#body({ content, pointer }: FoundOperation, { body, headers }: JudgedRequest, { fields = {} }: DescriptionAddition): Generator<string> {
    if (!content) {
      if (body !== undefined) yield 'body: the description has none';
      return;
    }
    const types = Object.keys(content);
    const sent = headers?.['content-type']?.split(';')[0];
    if (headers && body !== undefined && !types.includes(sent ?? '')) yield `header content-type: ${sent} is not in the description`;
    const type = types.find((known) => known === sent) ?? types[0] ?? '';
    const rest = structuredClone(body);
    for (const [path, schema] of Object.entries(fields)) {
      const value = takeField(rest, path.split('.'));
      if (value !== undefined)
        yield* errorsOf(
          this.#validatorOf(schema, () => this.#validators.bodies.compile(schema)),
          value,
          path,
        );
    }
    const { bodies } = this.#validators;
    const schemaPointer = `${descriptionId}${pointer}/requestBody/content/${escapePointer(type)}/schema`;
    yield* errorsOf(bodies.getSchema(schemaPointer) ?? bodies.compile({ $ref: schemaPointer }), rest, 'body');
    const { schema } = content[type] as { readonly schema: unknown };
    for (const path of this.#description.unknownProperties(schema, rest, 'body')) yield `${path} is not in the description`;
  }

  #parameterErrors(schema: object, value: string | undefined, where: string): string[] {
    const validate = this.#validatorOf(schema, () => {
      const copy = structuredClone(schema);
      listNullTypes(copy);
      const { components } = this.#description.document;
      const referred = JSON.stringify(schema).includes('"$ref"') ? { components } : {};
      return this.#validators.parameters.compile({ type: 'object', properties: { value: copy }, ...referred });
    });
    return errorsOf(validate, { value }, where);
  }

  #validatorOf(schema: object, compile: () => ValidateFunction): ValidateFunction {
    const validate = this.#compiled.get(schema) ?? compile();
    this.#compiled.set(schema, validate);
    return validate;
  }
}

function errorsOf(validate: ValidateFunction, value: unknown, where: string): string[] {
  return validate(value) === true ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${where}${instancePath}: ${message}`);
}

/** Removes a field from a body and returns it. */
function takeField(body: unknown, path: readonly string[]): unknown {
  const [key = '', ...rest] = path;
  const parent = body as Json | undefined;
  if (rest.length > 0) return parent?.[key] === undefined ? undefined : takeField(parent[key], rest);
  const value = parent?.[key];
  delete parent?.[key];
  return value;
}
