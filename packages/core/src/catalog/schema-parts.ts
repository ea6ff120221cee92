import { isSchema, type RawSchema } from './describe-schema.ts';

/** Returns the schemas and all others that may apply to the same value, each once: references, alternatives and the parts of an `allOf`. */
export function applicable(root: RawSchema, schemas: readonly RawSchema[]): RawSchema[] {
  const found = new Set(schemas);
  // The iteration also visits schemas that are added while it runs.
  for (const schema of found) {
    const branches: unknown[] = ['anyOf', 'oneOf', 'allOf', 'if', 'then', 'else'].flatMap((word) => schema[word] ?? []);
    const { $ref } = schema;
    if (typeof $ref === 'string' && $ref.startsWith('#')) branches.push(resolve(root, $ref));
    for (const branch of branches.filter(isSchema)) found.add(branch);
  }
  return [...found];
}

/** Returns the parts of a schema that apply to a property, or to an item of a list. */
export function partsOf(schema: RawSchema, key: string): RawSchema[] {
  const { properties, prefixItems, items, additionalProperties, patternProperties } = schema;
  const named = isSchema(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined;
  const positional = Array.isArray(prefixItems) ? prefixItems[Number(key)] : undefined;
  const patterned = isSchema(patternProperties) ? Object.values(patternProperties) : [];
  return [named, positional, items, named === undefined ? additionalProperties : undefined, ...patterned].filter(isSchema);
}

function resolve(root: RawSchema, ref: string): unknown {
  const steps = decodeURIComponent(ref.slice(1)).split('/').filter(Boolean);
  return steps.reduce<unknown>(
    (found, step) => (isSchema(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined),
    root,
  );
}
