import { ToolError } from '../errors.ts';
import type { Connection } from '../ports/connections.ts';
import type { Principal } from '../principal.ts';

/**
 * Picks the connection for a call from the connections that the principal may use: by id, else by name, else the default, else the only
 * connection. A user's own connection takes precedence over the tenant's.
 *
 * @throws {ToolError} CONNECTION_NOT_FOUND, with the names that the caller may use.
 */
export function pickConnection(
  list: readonly Connection[],
  principal: Principal,
  connector: string,
  name: string | undefined,
  id?: string,
): Connection {
  const [only] = list;
  if (list.length === 1 && only && name === undefined && id === undefined && isUsable(only, principal)) return only;
  const usable = list.filter((connection) => isUsable(connection, principal));
  if (id !== undefined) {
    const exact = usable.find((connection) => connection.id === id);
    if (exact) return exact;
    throw new ToolError(
      'CONNECTION_NOT_FOUND',
      'The connection of the earlier call no longer exists. Make a new call through another connection.',
    );
  }
  const found = findConnection(usable, name);
  if (found) return found;
  if (usable.length === 0)
    throw new ToolError(
      'CONNECTION_NOT_FOUND',
      `No connection for ${connector} is set up. Someone must add one before its tools can be used.`,
    );
  const names = [...new Set(usable.map((connection) => connection.name))].slice(0, 20).map((usableName) => `"${usableName}"`);
  throw new ToolError(
    'CONNECTION_NOT_FOUND',
    `${name === undefined ? 'This connector has several connections' : 'There is no such connection'}: set "connection" to one of ${names.join(', ')}.`,
  );
}

/** Finds a connection among those that a principal may use: by name, else the default, else the only one. Its own take precedence. */
export function findConnection(usable: readonly Connection[], name: string | undefined): Connection | undefined {
  const findIn = (all: readonly Connection[]): Connection | undefined =>
    name === undefined
      ? (all.find(({ isDefault }) => isDefault) ?? (all.length === 1 ? all[0] : undefined))
      : all.find((connection) => connection.name === name);
  return findIn(usable.filter(({ user }) => user !== undefined)) ?? findIn(usable);
}

/** Whether a principal may use a connection. */
export const isUsable = ({ tenant, user }: Connection, principal: Principal): boolean =>
  tenant === principal.tenant && (user === undefined || user === principal.id);
