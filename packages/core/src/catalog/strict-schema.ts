import { z } from 'zod';
import { bounded, defaultMaxItems, defaultMaxLength, stopEarlyInArray, stopEarlyInRecord } from './bounded-schema.ts';

const strict = new WeakMap<z.ZodType, z.ZodType>();

/** The parts of zod's definitions that hold nested schemas. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly catchall?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly keyType?: z.ZodType;
  readonly valueType?: z.ZodType;
  readonly mode?: string;
  readonly options?: readonly z.ZodType[];
  readonly items?: readonly z.ZodType[];
  readonly rest?: z.ZodType | null;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
}

/**
 * Returns the same schema, except that it refuses unknown keys at every depth, and that every string and array has an upper bound. zod
 * would drop unknown keys, and a mistyped option would silently do nothing. Objects that are declared loose stay loose. The schema must not
 * contain itself. Computed once for each schema.
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
  if (def.type === 'string' || def.type === 'template_literal') return bounded(schema, defaultMaxLength);
  if (def.type === 'tuple' && def.items) {
    const tuple = change({ items: def.items.map(strictSchema), ...(def.rest && { rest: strictSchema(def.rest) }) });
    return def.rest ? bounded(tuple, defaultMaxItems) : tuple;
  }
  if (def.type === 'record' && def.keyType && def.valueType) {
    const value = strictSchema(def.valueType);
    const record = change({ keyType: strictSchema(def.keyType), valueType: value });
    // A record of named keys is more than its values, and so is a record that passes on other keys.
    if (def.mode !== 'loose' && !def.keyType._zod.values) stopEarlyInRecord(record, value);
    return record;
  }
  if (def.type === 'array' && def.element) {
    const item = strictSchema(def.element);
    const array = bounded(change({ element: item }), defaultMaxItems);
    stopEarlyInArray(array, item);
    return array;
  }
  if (def.element) return change({ element: strictSchema(def.element) });
  if (def.innerType) return change({ innerType: strictSchema(def.innerType) });
  return schema;
}
