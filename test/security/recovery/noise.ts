import { once } from 'node:events';
import { connect } from 'node:net';
import { rawRequest } from '../raw-request.ts';

/** Attackers who send without pause what no server may record. */
export interface Noise {
  /** How many requests they have sent. */
  readonly sent: number;
  /** Resolves when the last connection is closed. */
  stop(): Promise<void>;
}

const createTicket = (subject: string, more = '') =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"zendesk_create_ticket","arguments":{"subject":"${subject}","body":"x"${more}}}}`;

/** Requests that end before a call begins: cut off, malformed, without a right, or with arguments that no tool takes. */
const attacks: readonly ((key: string) => string)[] = [
  (key) => rawRequest({ key, body: createTicket('Cut off') }).slice(0, -10),
  (key) => rawRequest({ key, body: createTicket('Too short'), length: '5000' }),
  (key) => rawRequest({ key, body: createTicket('Not JSON').slice(0, -2) }),
  (key) => rawRequest({ key, body: createTicket('Unknown key', ',"none":1') }),
  (key) => rawRequest({ key, body: createTicket('Many', `,"tags":[${'"a",'.repeat(5_000)}"a"]`) }),
  (key) => rawRequest({ key, body: `${'['.repeat(500)}${']'.repeat(500)}` }),
  (key) => rawRequest({ key, length: '5', headers: ['transfer-encoding: chunked'], body: createTicket('Smuggled') }),
  () => rawRequest({ key: `bb_${'x'.repeat(43)}`, body: createTicket('No key') }),
  () => rawRequest({ target: '/hooks/none', body: createTicket('Hook'), length: '100000' }),
  (key) => rawRequest({ key, target: '/admin/v1/keys', body: '{"name":"stolen","roles":["operator"]}' }),
  () => '\u0016\u0003\u0001\u0002',
];

/** Lets four attackers send to the servers that `pick` returns, with a caller’s key where one helps them. */
export function startNoise(key: string, pick: () => Promise<string>): Noise {
  let sent = 0;
  let stopping = false;

  async function attack(first: number): Promise<void> {
    for (let turn = first; !stopping; turn += 1) {
      const { port, hostname } = new URL(await pick());
      const socket = connect({ port: Number(port), host: hostname });
      socket.on('error', () => {});
      const closed = once(socket, 'close');
      const bytes = attacks[turn % attacks.length]?.(key) ?? '';
      socket.write(Buffer.from(bytes, 'latin1'), () => {
        sent += 1;
        // Some leave at once, others read the answer first.
        if (turn % 2 === 0) socket.destroy();
      });
      socket.once('data', () => socket.destroy()).setTimeout(200, () => socket.destroy());
      await closed.catch(() => {});
    }
  }

  const attackers = Promise.all([0, 3, 6, 9].map(attack));
  return {
    get sent() {
      return sent;
    },
    async stop() {
      stopping = true;
      await attackers;
    },
  };
}
