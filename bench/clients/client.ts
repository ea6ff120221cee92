import { checkEcho, checkList, checkRefusal } from './answer.ts';
import { openConnection, postOf, type Connection } from './connection.ts';
import { argumentsOf, opening, encodeRequest, texts, type Era, type McpRequest, type Size } from './request.ts';

/** The way a client connects. It is plain data, because it is sent to another process. */
export interface Caller {
  readonly port: number;
  readonly era: Era;
  /** Whether the client opens a session first. */
  readonly session: boolean;
  /** The API key, if the server needs one. */
  readonly key?: string | undefined;
}

/** A connected client, with its session if it has one. */
export interface Client extends Connection {
  /** Returns the bytes of a request. */
  request(wanted: McpRequest): Buffer;
  /** Ends the session, if there is one, and closes the connection: a session that is left open would burden the next measurement. */
  leave(): Promise<void>;
}

/** Connects, and opens a session if the server keeps sessions. */
export async function openClient({ port, era, session, key }: Caller): Promise<Client> {
  const connection = await openConnection(port);
  const authorization: Readonly<Record<string, string>> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  let own = authorization;
  if (session)
    for (const body of opening) {
      const { status, head, body: answered } = await connection.send(postOf(port, own, body));
      if (status >= 300) throw new Error(`The server opened no session: ${status} ${answered.toString('utf8').slice(0, 300)}`);
      const id = /^mcp-session-id: (.*?)\r?$/im.exec(head)?.[1];
      own = { ...own, 'mcp-protocol-version': era, ...(id !== undefined && { 'mcp-session-id': id }) };
    }
  return {
    ...connection,
    request(wanted) {
      const { headers, body } = encodeRequest(era, wanted);
      return postOf(port, { ...headers, ...own }, body);
    },
    async leave() {
      if (session) await connection.send(postOf(port, own, '', 'DELETE'));
      connection.close();
    },
  };
}

/** Sends each kind of measured request once. @throws {Error} if an answer is wrong. */
export async function checkServer(caller: Caller, tools: number, unchecked: boolean): Promise<void> {
  const client = await openClient(caller);
  const call = (size: Size, more: object = {}) =>
    client.send(client.request({ method: 'tools/call', arguments: { ...argumentsOf(size), ...more } }));
  try {
    checkEcho(await call('1k'), texts['1k']);
    checkEcho(await call('64k'), texts['64k']);
    checkList(await client.send(client.request({ method: 'tools/list' })), tools);
    if (!unchecked) checkRefusal(await call('1k', { limit: 1_000 }));
  } finally {
    client.close();
  }
}
