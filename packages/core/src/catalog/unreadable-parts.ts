import { z } from 'zod';

/** Returns the paths of the properties that zod cannot convert, such as `item.name`. */
export function* unreadableParts(schema: z.ZodObject, path: readonly string[] = []): Iterable<string> {
  for (const [name, part] of Object.entries<unknown>(schema.shape)) {
    const at = [...path, name];
    if (part instanceof z.ZodObject) yield* unreadableParts(part, at);
    else if (!isReadable(part)) yield at.join('.');
  }
}

function isReadable(part: unknown): boolean {
  try {
    z.toJSONSchema(part as z.ZodType, { unrepresentable: 'any' });
    return true;
  } catch {
    return false;
  }
}
