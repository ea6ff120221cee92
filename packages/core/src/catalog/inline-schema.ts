import { isSchema, type RawSchema } from './describe-schema.ts';

/** Receives each problem with a schema. The path is dotted, as a model would write it: `tags[].name`. An empty path means the root. */
export type Report = (path: string, problem: string) => void;

/**
 * Returns a JSON Schema without references or `allOf`. If two parts of an `allOf` have the same keyword, only the first is kept. That
 * loosens the schema, but the validator still checks both. A schema that contains itself is reported and left out.
 */
export function inlineSchema(root: RawSchema, report: Report): RawSchema {
  function inline(schema: unknown, path: string, outer: readonly string[]): RawSchema {
    const { raw, refs } = follow(schema, path, outer);
    const inner = (part: unknown, step: string) => inline(part, path + step, refs);
    const list = (keyword: string) => {
      const value = raw[keyword];
      return Array.isArray(value) && { [keyword]: value.map((part) => inner(part, '')) };
    };
    const { items, additionalProperties, properties } = raw;
    return {
      ...raw,
      ...(isSchema(properties) && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, part]) => [name, inner(part, path ? `.${name}` : name)])),
      }),
      ...(isSchema(items) && { items: inner(items, '[]') }),
      ...(isSchema(additionalProperties) && { additionalProperties: inner(additionalProperties, '{}') }),
      ...list('anyOf'),
      ...list('oneOf'),
      ...list('prefixItems'),
    };
  }

  /** Merges the schema with its reference and the parts of its `allOf`. `refs` are the references that led here. */
  function follow(schema: unknown, path: string, outer: readonly string[]): { readonly raw: RawSchema; readonly refs: readonly string[] } {
    if (schema === false) return { raw: { not: {} }, refs: outer };
    if (!isSchema(schema)) return { raw: {}, refs: outer };
    const { $ref, allOf, ...own } = schema;
    let refs = outer;
    let raw: RawSchema = own;
    const add = (part: { readonly raw: RawSchema; readonly refs: readonly string[] }) => {
      raw = merged(raw, part.raw);
      refs = [...refs, ...part.refs];
    };
    if (typeof $ref === 'string') {
      const target = resolve($ref);
      if (outer.includes($ref)) {
        report(path, 'contains itself, and references are not followed. Give it a fixed depth, or make it a free-form map.');
        return { raw: { not: {} }, refs };
      }
      if (!target) report(path, `refers to ${$ref}, which is not in the schema. Write it out in place.`);
      add(follow(target, path, [...outer, $ref]));
    }
    if (Array.isArray(allOf)) for (const part of allOf) add(follow(part, path, outer));
    return { raw, refs };
  }

  function resolve($ref: string): RawSchema | undefined {
    if (!$ref.startsWith('#')) return undefined;
    let at: unknown = root;
    for (const key of decodeURIComponent($ref).split('/').slice(1)) {
      at = isSchema(at) ? at[key.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
    }
    return isSchema(at) ? at : undefined;
  }

  return inline(root, '', ['#']);
}

function merged(first: RawSchema, second: RawSchema): RawSchema {
  const { properties, required, pattern } = first;
  return {
    ...second,
    ...first,
    ...(isSchema(properties) && isSchema(second['properties']) && { properties: { ...second['properties'], ...properties } }),
    ...(Array.isArray(required) && Array.isArray(second['required']) && { required: [...required, ...second['required']] }),
    // The shorter of two patterns is probably written by hand, so a model can read it.
    ...(typeof pattern === 'string' && String(second['pattern'] ?? pattern).length < pattern.length && { pattern: second['pattern'] }),
  };
}
