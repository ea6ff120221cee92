/** A part of a description or of a body. */
export type Json = Record<string, unknown>;

/** A parameter of an operation, with its reference resolved. */
export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: object;
}

/** An operation of a description, and the request's path parameters. */
export interface FoundOperation {
  /** For example `GET /tickets/{id}`. */
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly pathValues: Readonly<Record<string, string>>;
  /** The content of the body, by media type. Absent: the operation has no body. */
  readonly content: Json | undefined;
  /** The JSON pointer of the operation in the description. */
  readonly pointer: string;
}

/**
 * Reads an OpenAPI 3.0 description. Changes the given object: schemas become JSON Schema, and referenced bodies replace their references.
 */
export class ApiDescription {
  readonly document: Json;

  constructor(document: Json) {
    this.document = document;
    listNullTypes(document);
    for (const item of Object.values(document['paths'] as Record<string, Json>)) {
      for (const operation of Object.values(item) as (Json | undefined)[])
        if (operation?.['requestBody']) operation['requestBody'] = this.#resolve(operation['requestBody']);
    }
  }

  /** Finds the operation for a request. A literal path takes precedence over a path with parameters. */
  findOperation(method: string, path: string): FoundOperation | undefined {
    const segments = path.split('/');
    const [template] = Object.keys(this.document['paths'] as Json)
      .filter((candidate) => matchesTemplate(candidate.split('/'), segments))
      .toSorted((a, b) => a.split('{').length - b.split('{').length);
    if (template === undefined) return undefined;
    const item = valueAt(this.document, ['paths', template]) as Json;
    const operation = item[method.toLowerCase()] as Json | undefined;
    if (!operation) return undefined;
    const parameters = [item, operation].flatMap((part) => (part['parameters'] as unknown[] | undefined) ?? []);
    const pathValues = template
      .split('/')
      .flatMap((segment, index) => (segment.startsWith('{') ? [[segment.slice(1, -1), decodeURIComponent(segments[index] ?? '')]] : []));
    const requestBody = operation['requestBody'];
    return {
      name: `${method} ${template}`,
      parameters: parameters.map((parameter) => this.#resolve(parameter) as unknown as Parameter),
      pathValues: Object.fromEntries(pathValues) as Record<string, string>,
      content: requestBody ? (valueAt(requestBody, ['content']) as Json) : undefined,
      pointer: `#/paths/${escapePointer(template)}/${method.toLowerCase()}`,
    };
  }

  /** Lists the properties of a body that the schema does not have, in the form `body.ticket.colour`. */
  *unknownProperties(schema: unknown, value: unknown, path: string): Generator<string> {
    if (typeof value !== 'object' || value === null) return;
    if (Array.isArray(value)) {
      const items = this.#itemsOf(schema);
      if (items) for (const [index, item] of value.entries()) yield* this.unknownProperties(items, item, `${path}[${index}]`);
      return;
    }
    const properties = this.#propertiesOf(schema);
    // A map, whose keys are up to the caller.
    if (properties.size === 0) return;
    for (const [name, part] of Object.entries(value)) {
      const known = properties.get(name);
      if (known) yield* this.unknownProperties(known, part, `${path}.${name}`);
      else yield `${path}.${name}`;
    }
  }

  /** Returns the schema of each property that a schema has, joined from all its parts. */
  #propertiesOf(schema: unknown): Map<string, JoinedSchema> {
    const resolved = this.#resolve(schema);
    const known = new Map<string, JoinedSchema>();
    const add = (name: string, parts: readonly unknown[]) => known.set(name, { allOf: [...(known.get(name)?.allOf ?? []), ...parts] });
    for (const [name, part] of Object.entries((resolved['properties'] as Json | undefined) ?? {})) add(name, [part]);
    for (const part of partsOf(resolved)) for (const [name, { allOf }] of this.#propertiesOf(part)) add(name, allOf);
    return known;
  }

  /** Returns the joined schema of a list's items, or undefined if the schema does not describe them. */
  #itemsOf(schema: unknown): JoinedSchema | undefined {
    const resolved = this.#resolve(schema);
    const found = [resolved['items'] ?? [], ...partsOf(resolved).flatMap((part) => this.#itemsOf(part)?.allOf ?? [])].flat();
    return found.length > 0 ? { allOf: found } : undefined;
  }

  /** Follows a reference to the part to which it refers. */
  #resolve(value: unknown): Json {
    const ref = (value as Json)['$ref'];
    return typeof ref === 'string' ? this.#resolve(valueAt(this.document, ref.slice(2).split('/'))) : (value as Json);
  }
}

interface JoinedSchema {
  readonly allOf: readonly unknown[];
}

const partsOf = (schema: Json): unknown[] =>
  ['allOf', 'anyOf', 'oneOf'].flatMap((keyword) => (schema[keyword] as unknown[] | undefined) ?? []);

const matchesTemplate = (template: readonly string[], segments: readonly string[]): boolean =>
  template.length === segments.length && template.every((segment, index) => segment.startsWith('{') || segment === segments[index]);

const valueAt = (value: unknown, path: readonly string[]): unknown => path.reduce((part, key) => (part as Json)[key], value);

/** Escapes a key for a JSON pointer. */
export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/** Adds the type `null`, as JSON Schema does, wherever the description has OpenAPI 3.0's `nullable: true`. */
export function listNullTypes(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  for (const part of Object.values(value)) listNullTypes(part);
  const schema = value as Json;
  if (schema['nullable'] === true && typeof schema['type'] === 'string') schema['type'] = [schema['type'], 'null'];
}
