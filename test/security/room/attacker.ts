// Runs in a process of its own, so that its work does not slow the client whose calls are measured.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { systemClock } from '../../../packages/core/src/index.ts';

/** What an attacker does until it is killed. */
export interface Attack {
  readonly url: string;
  /** The most sockets open at one time. */
  readonly sockets: number;
  /** Local addresses to come from, in turn. */
  readonly from: readonly string[];
  /** API keys, in turn. Without keys, nothing is sent. */
  readonly keys: readonly string[];
  /**
   * `silent` sends nothing or half a head, `slow` a body that goes on and on, `heavy` whole bodies. `unread` sends whole bodies too, and
   * reads no answer.
   */
  readonly kind: 'silent' | 'slow' | 'heavy' | 'unread';
  /** The whole body, for `heavy` and `unread`. */
  readonly body?: string;
  /** Requests that each key may send. */
  readonly perKey?: number;
}

const [attack] = (await once(process, 'message')) as [Attack];
const { hostname, port, pathname } = new URL(attack.url);
const counts = { opened: 0, connected: 0, statuses: {} as Record<string, number> };
const sentBy = new Map<string, number>();
let next = 0;

function open(): void {
  const index = next++;
  const key = attack.keys[index % attack.keys.length];
  if (key !== undefined && (sentBy.get(key) ?? 0) >= (attack.perKey ?? Infinity)) return;
  if (key !== undefined) sentBy.set(key, (sentBy.get(key) ?? 0) + 1);
  counts.opened += 1;
  const socket = connect({ host: hostname, port: Number(port), localAddress: attack.from[index % attack.from.length] });
  socket.on('error', () => {});
  socket.once('connect', () => {
    counts.connected += 1;
    send(socket, index, key);
  });
  if (attack.kind === 'unread') socket.pause();
  else
    socket.on('data', (chunk: Buffer) => {
      const status = /^HTTP\/1.1 (\d{3})/.exec(chunk.toString('latin1', 0, 12))?.[1];
      if (status !== undefined) counts.statuses[status] = (counts.statuses[status] ?? 0) + 1;
      socket.end();
    });
  // Comes back. At once, it would be a flood of connections, which no program can keep from the system.
  socket.once('close', () => systemClock.timer(1_000, open));
}

function send(socket: Socket, index: number, key: string | undefined): void {
  if (attack.kind === 'silent') return void (index % 2 === 0 && socket.write(`POST ${pathname} HTTP/1.1\r\nhost: a`));
  const body = attack.body ?? '';
  const length = attack.kind === 'slow' ? 1_000_000 : Buffer.byteLength(body);
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `host: ${hostname}`,
    `authorization: Bearer ${key}`,
    'content-type: application/json',
    'accept: application/json, text/event-stream',
    `content-length: ${length}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
  if (attack.kind !== 'slow') return;
  const dribble = setInterval(() => socket.write(' '.repeat(1_000)), 500);
  socket.once('close', () => clearInterval(dribble));
}

const opening = setInterval(() => {
  for (let times = 0; times < 40; times += 1) {
    if (next >= attack.sockets) {
      clearInterval(opening);
      process.send?.({ ready: true, ...counts });
      return;
    }
    open();
  }
}, 10);
process.on('message', () => process.send?.(counts));
