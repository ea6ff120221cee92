import { z } from 'zod';

const compiled = new WeakMap<z.ZodType, z.ZodType>();

/**
 * The same schema with a parser of generated code, which takes good values in a twentieth of the time; others are left to the schema itself.
 * What zod cannot compile comes back as it is. Computed once for a schema.
 *
 * @see {@link https://zod.dev/compile}
 */
export function compiledSchema<S extends z.ZodType>(schema: S): S {
  let made = compiled.get(schema) as S | undefined;
  if (!made) {
    // Who forbids generated code forbids it here too.
    made = z.config().jitless ? schema : z.compile(schema);
    compiled.set(schema, made);
  }
  return made;
}
