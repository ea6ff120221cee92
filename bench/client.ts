import { checkEcho, checkList, checkRefusal } from './answer.ts';
import { openConnection, postOf, type Connection } from './connection.ts';
import { argumentsOf, opening, requestOf, texts, type Era, type Size } from './request.ts';

/** Who asks, and how. Plain data: it goes to another process. */
export interface Caller {
  readonly port: number;
  readonly era: Era;
  /** Whether it opens a session first. */
  readonly session: boolean;
  /** An API key, where the server wants one. */
  readonly key?: string | undefined;
}

/** A client that has been let in, and the request that it sends. */
export interface Client extends Connection {
  /** The bytes of a request. */
  request(wanted: Parameters<typeof requestOf>[1]): Buffer;
  /** Ends its session, where it has one, and closes the connection: what stays behind would be a load on what is measured next. */
  leave(): Promise<void>;
}

/** Connects, and opens a session where the server has them. */
export async function openClient({ port, era, session, key }: Caller): Promise<Client> {
  const connection = await openConnection(port);
  const authorization: Readonly<Record<string, string>> = key === undefined ? {} : { authorization: `Bearer ${key}` };
  let own = authorization;
  if (session)
    for (const body of opening) {
      const { status, head, body: answered } = await connection.send(postOf(port, own, body));
      if (status >= 300) throw new Error(`It opened no session: ${status} ${answered.toString('utf8').slice(0, 300)}`);
      const id = /^mcp-session-id: (.*?)\r?$/im.exec(head)?.[1];
      own = { ...own, 'mcp-protocol-version': era, ...(id !== undefined && { 'mcp-session-id': id }) };
    }
  return {
    ...connection,
    request(wanted) {
      const { headers, body } = requestOf(era, wanted);
      return postOf(port, { ...headers, ...own }, body);
    },
    async leave() {
      if (session) await connection.send(postOf(port, own, '', 'DELETE'));
      connection.close();
    },
  };
}

/** Asks once for each thing that is measured, and throws where an answer is wrong. */
export async function checkServer(caller: Caller, tools: number, takesAnything: boolean): Promise<void> {
  const client = await openClient(caller);
  const call = (size: Size, more: object = {}) =>
    client.send(client.request({ method: 'tools/call', arguments: { ...argumentsOf(size), ...more } }));
  try {
    checkEcho(await call('1k'), texts['1k']);
    checkEcho(await call('64k'), texts['64k']);
    checkList(await client.send(client.request({ method: 'tools/list' })), tools);
    if (!takesAnything) checkRefusal(await call('1k', { limit: 1_000 }));
  } finally {
    client.close();
  }
}
