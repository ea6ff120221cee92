import { z } from 'zod';

const strict = new WeakMap<z.ZodType, z.ZodType>();

/** What the parts of zod's definitions are called that hold further schemas. */
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
 * The same schema, refusing keys that it does not know, at every depth; zod drops them otherwise, and a mistyped option would silently
 * do nothing. What was declared loose stays so. Computed once for a schema, which must not contain itself.
 */
export function strictSchema(schema: z.ZodType): z.ZodType {
  const before = strict.get(schema);
  if (before) return before;
  const made = strictly(schema);
  strict.set(schema, made);
  return made;
}

function strictly(schema: z.ZodType): z.ZodType {
  const def = schema._zod.def as Definition;
  const change = (changes: object) => z.clone(schema, { ...def, ...changes } as never);
  if (def.type === 'object' && def.shape) {
    const shape = Object.fromEntries(Object.entries(def.shape).map(([name, part]) => [name, strictSchema(part)]));
    return change({ shape, catchall: def.catchall ?? z.never() });
  }
  if (def.type === 'pipe' && def.in && def.out) {
    // What a preprocessing step gives is still the caller's; what a later step gives is the plugin's own.
    const isFirst = (def.in._zod.def as Definition).type === 'transform';
    return isFirst ? change({ out: strictSchema(def.out) }) : change({ in: strictSchema(def.in) });
  }
  if (def.type === 'union' && def.options) return change({ options: def.options.map(strictSchema) });
  if (def.type === 'tuple' && def.items) return change({ items: def.items.map(strictSchema) });
  if (def.type === 'record' && def.valueType) return change({ valueType: strictSchema(def.valueType) });
  if (def.element) return change({ element: strictSchema(def.element) });
  if (def.innerType) return change({ innerType: strictSchema(def.innerType) });
  return schema;
}
