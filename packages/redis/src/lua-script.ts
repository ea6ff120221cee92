import { createHash } from 'node:crypto';

/** A script that Redis runs atomically. It may use only the keys in its `KEYS`, and gets the time as an argument. */
export interface LuaScript {
  readonly source: string;
  /** The name under which Redis caches the script once it has run. */
  readonly sha1: string;
}

/** Creates a script from Lua source. */
export function luaScript(source: string): LuaScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
