import { isSchema, type RawSchema } from './schema-words.ts';

/** Told what is wrong, and where. The path is dotted, as a model would write it: `tags[].name`; empty is the root. */
export type Report = (path: string, problem: string) => void;

/**
 * A JSON Schema without references and without `allOf`. Of two parts of an `allOf` that say the same thing the first is kept: that
 * loosens the schema, which a validator behind it makes good. What contains itself is reported and left out.
 */
export function inlineSchema(root: RawSchema, report: Report): RawSchema {
  function inline(given: unknown, path: string, outer: readonly string[]): RawSchema {
    const { raw, refs } = follow(given, path, outer);
    const inner = (schema: unknown, step: string) => inline(schema, path + step, refs);
    const list = (keyword: string) => {
      const value = raw[keyword];
      return Array.isArray(value) && { [keyword]: value.map((schema) => inner(schema, '')) };
    };
    const { items, additionalProperties, properties } = raw;
    return {
      ...raw,
      ...(isSchema(properties) && {
        properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, inner(schema, path ? `.${name}` : name)])),
      }),
      ...(isSchema(items) && { items: inner(items, '[]') }),
      ...(isSchema(additionalProperties) && { additionalProperties: inner(additionalProperties, '{}') }),
      ...list('anyOf'),
      ...list('oneOf'),
      ...list('prefixItems'),
    };
  }

  /** The schema itself, its reference and the parts of its `allOf`, as one; and which references led here. */
  function follow(given: unknown, path: string, outer: readonly string[]): { readonly raw: RawSchema; readonly refs: readonly string[] } {
    if (given === false) return { raw: { not: {} }, refs: outer };
    if (!isSchema(given)) return { raw: {}, refs: outer };
    const { $ref, allOf, ...own } = given;
    let refs = outer;
    let raw: RawSchema = own;
    const add = (part: { readonly raw: RawSchema; readonly refs: readonly string[] }) => {
      raw = merged(raw, part.raw);
      refs = [...refs, ...part.refs];
    };
    if (typeof $ref === 'string') {
      const target = find($ref);
      if (outer.includes($ref)) {
        report(path, 'contains itself, and references are not followed. Give it a fixed depth, or make it a free-form map.');
        return { raw: { not: {} }, refs };
      }
      if (!target) report(path, `refers to ${$ref}, which is not in the schema. Write it out in its place.`);
      add(follow(target, path, [...outer, $ref]));
    }
    if (Array.isArray(allOf)) for (const part of allOf) add(follow(part, path, outer));
    return { raw, refs };
  }

  function find($ref: string): RawSchema | undefined {
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
    // Of two patterns the shorter is the one that somebody wrote by hand, and can be read.
    ...(typeof pattern === 'string' && String(second['pattern'] ?? pattern).length < pattern.length && { pattern: second['pattern'] }),
  };
}
