import type { z } from 'zod';
import type { Cursor } from '../connector/context.ts';
import { ToolError } from '../errors.ts';
import { fromBase64Url, toBase64Url } from '../lib/base64url.ts';
import { hmacTag } from '../lib/digest.ts';

/** The maximum length, in characters, of a cursor that `read` accepts. */
const maxLength = 8_192;

/** Creates the cursor for one tool on one connection. Its tokens are bound to `scope`. */
export function createCursor(secret: string, scope: readonly string[]): Cursor {
  return new SignedCursor(secret, scope);
}

/** A class rather than closures, because every call has a cursor but few use it. */
class SignedCursor implements Cursor {
  readonly #secret: string;
  readonly #scope: readonly string[];

  constructor(secret: string, scope: readonly string[]) {
    this.#secret = secret;
    this.#scope = scope;
  }

  write(position: unknown): string {
    const payload = toBase64Url(new TextEncoder().encode(JSON.stringify(position ?? null)));
    return `${payload}.${this.#tagOf(payload)}`;
  }

  read<S extends z.ZodType>(cursor: string, position: S, given: Readonly<Record<string, unknown>> = {}): z.output<S> {
    const dot = cursor.lastIndexOf('.');
    if (dot < 0 || cursor.length > maxLength) throw foreignCursor();
    const payload = cursor.slice(0, dot);
    if (!isEqual(cursor.slice(dot + 1), this.#tagOf(payload))) throw foreignCursor();
    const parsed = position.safeParse(JSON.parse(new TextDecoder().decode(fromBase64Url(payload))));
    // This host signed the position, but an older version of the tool wrote it in another form.
    if (!parsed.success) throw foreignCursor();
    const kept = parsed.data as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(given))
      if (value !== undefined && JSON.stringify(value) !== JSON.stringify(kept[name])) throw otherList();
    return parsed.data;
  }

  #tagOf(payload: string): string {
    return hmacTag(this.#secret, JSON.stringify(['cursor', ...this.#scope, payload]));
  }
}

const foreignCursor = () =>
  new ToolError('INVALID_INPUT', 'This cursor does not come from this tool and connection. Leave it out to start at the first page.');

const otherList = () =>
  new ToolError(
    'INVALID_INPUT',
    'The cursor belongs to another list. Leave cursor out to start the list of these inputs, or leave out all inputs that differ.',
  );

/** Compares in constant time, because a forger would guess the tag. */
function isEqual(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i += 1) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}
