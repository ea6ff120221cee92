import { z } from 'zod';

const strict = new WeakMap<z.ZodType, z.ZodType>();

/** The parts of zod's definitions that hold nested schemas. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly items?: readonly z.ZodType[];
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
}

/**
 * Returns the same schema, except that it refuses unknown keys at every depth. zod would drop them, and a mistyped option would silently do
 * nothing. Objects that are declared loose stay loose. The schema must not contain itself. Computed once for each schema.
 */
export function strictSchema(schema: z.ZodType): z.ZodType {
  const known = strict.get(schema);
  if (known) return known;
  const result = makeStrict(schema);
  strict.set(schema, result);
  return result;
}

function makeStrict(schema: z.ZodType): z.ZodType {
  const def = schema._zod.def as Definition;
  const change = (changes: object) => z.clone(schema, { ...def, ...changes } as never);
  if (def.type === 'object' && def.shape) {
    const shape = Object.fromEntries(Object.entries(def.shape).map(([name, part]) => [name, strictSchema(part)]));
    return change({ shape, catchall: def.catchall ?? z.never() });
  }
  if (def.type === 'pipe' && def.in && def.out) {
    // The output of a preprocessing step is still the caller's input. The output of a later step is the plugin's own.
    const isPreprocess = (def.in._zod.def as Definition).type === 'transform';
    return isPreprocess ? change({ out: strictSchema(def.out) }) : change({ in: strictSchema(def.in) });
  }
  if (def.type === 'union' && def.options) return change({ options: def.options.map(strictSchema) });
  if (def.type === 'tuple' && def.items) return change({ items: def.items.map(strictSchema) });
  if (def.type === 'record' && def.valueType) return change({ valueType: strictSchema(def.valueType) });
  if (def.element) return change({ element: strictSchema(def.element) });
  if (def.innerType) return change({ innerType: strictSchema(def.innerType) });
  return schema;
}
