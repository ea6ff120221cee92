import { createHash } from 'node:crypto';

/** A script that Redis runs as one step. It may touch the keys that it is given, and takes the time as an argument. */
export interface LuaScript {
  readonly source: string;
  /** The name under which Redis keeps it once it has run. */
  readonly sha1: string;
}

/** Makes a script of Lua source. */
export function luaScript(source: string): LuaScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}
