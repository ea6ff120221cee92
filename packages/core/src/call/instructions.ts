import type { CatalogEntry } from '../catalog/catalog.ts';
import type { Connector } from '../connector/connector.ts';
import type { HostInfo } from '../host.ts';
import type { Logger } from '../logger.ts';
import type { Connections } from '../ports/connections.ts';
import type { Principal } from '../principal.ts';
import { findConnection, isUsable } from './pick-connection.ts';

// The text is a part of each conversation.
const maxNames = 10;
const maxNameLength = 60;

const aboutWrites =
  'A write that ends as OUTCOME_UNKNOWN may have happened: look before you repeat it. To repeat any write safely, send it each time with the ' +
  'same _meta["busbar/idempotencyKey"], a text of 1 to 255 characters: it is done once, and a repetition gets its answer.';

/** The services that {@link createInstructions} uses. */
interface InstructionServices {
  readonly info: HostInfo;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly connections: Connections;
  readonly log: Logger;
}

/**
 * Returns a function that writes the server's instructions for a principal who sees these tools: the connectors, the names of connections
 * where a caller has to choose, and how to repeat writes. The author of the host may add to them or replace them.
 */
export function createInstructions({ info, connectors, connections, log }: InstructionServices) {
  return async (principal: Principal, entries: readonly CatalogEntry[]): Promise<string> => {
    const ids = [...new Set(entries.map(({ connector }) => connector))];
    const choices = await Promise.all(
      ids.filter((id) => connectors.get(id)?.connections === 'many').map((id) => choiceOf(connections, principal, id)),
    ).catch((err: unknown) => {
      log.warn({ err }, 'the instructions name no connections, because the connections could not be read');
      return [];
    });
    const parts = [
      ids.length > 0 && `Tools for ${ids.join(', ')}.`,
      ...choices,
      entries.some(({ effect }) => effect !== 'read') && aboutWrites,
    ];
    const own = parts.filter(Boolean).join(' ');
    const { instructions = '' } = info;
    return typeof instructions === 'string' ? [own, instructions].filter(Boolean).join('\n\n') : instructions(own);
  };
}

/** Names the connections of a connector if the caller has several. */
async function choiceOf(connections: Connections, principal: Principal, connector: string): Promise<string | undefined> {
  const usable = (await connections.list(principal, connector)).filter((connection) => isUsable(connection, principal));
  const names = [...new Set(usable.map(({ name }) => name))];
  if (names.length < 2) return undefined;
  const shown = names.filter((name) => name.length <= maxNameLength).slice(0, maxNames);
  const more = names.length > shown.length ? ` and ${names.length - shown.length} more` : '';
  const used = findConnection(usable, undefined);
  const without = used ? `the default is ${JSON.stringify(used.name)}` : 'there is no default';
  return `Choose an account of ${connector} with "connection": ${shown.map((name) => JSON.stringify(name)).join(', ')}${more}; ${without}.`;
}
