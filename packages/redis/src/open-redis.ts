import { silentLogger, systemClock, type Clock, type Logger } from '@busbar/core';
import type { LuaScript } from './lua-script.ts';

/** How a {@link Redis} is used. */
export interface RedisOptions {
  /** Hears once that Redis is away, and once that it is back. Default: nobody. */
  readonly log?: Logger;
  /** What windows and expiry go by. Replicas that share a Redis must keep their clocks in step. Default: real time. */
  readonly clock?: Clock;
  /** What every key starts with. Default `busbar:`. */
  readonly prefix?: string;
  /** The longest wait for an answer, in real time. What takes longer is done without Redis. Default 250. */
  readonly commandTimeoutMs?: number;
}

/** A Redis that may be away. Shared by what this package makes; its owner closes it. */
export interface Redis {
  /** Whether commands go to Redis now. */
  readonly available: boolean;
  readonly clock: Clock;
  /**
   * Runs a script, on keys that get the prefix. Resolves with undefined, and never rejects, where Redis is away, answers too late or
   * refuses. A late script may still take effect.
   */
  run(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Hangs up at once. May be called twice. What runs afterwards finds Redis away. */
  close(): Promise<void>;
}

// A server that hangs answers no ping, so its silence ends the connection and a new one is tried.
const pingEveryMs = 1_000;
const longestSilenceMs = 3_000;
const longestReconnectDelayMs = 1_000;
const connectTimeoutMs = 2_000;
const busyForMs = 50;
const logRefusalEveryMs = 60_000;
const maxCommandsQueued = 10_000;

/**
 * Connects to `redis://` or `rediss://[user:password@]host[:port][/database]`: one server, no cluster. Waits for the first connection, but
 * not long: a Redis that is away now is tried again for as long as it takes.
 *
 * @throws {TypeError} for a URL that is none of these. The message does not show it: it may hold a password.
 */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<Redis> {
  const { log = silentLogger, clock = systemClock, prefix = 'busbar:', commandTimeoutMs = 250 } = options;
  if (!/^rediss?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new TypeError('The URL of a Redis is redis://host:port or rediss://host:port.');
  // Hundreds of modules, which a server that is given no Redis need not load.
  const { createClient, ErrorReply } = await import('@redis/client');
  const client = createClient({
    url,
    socket: {
      connectTimeout: connectTimeoutMs,
      socketTimeout: longestSilenceMs,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** Math.min(retries, 10), longestReconnectDelayMs),
    },
    pingInterval: pingEveryMs,
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxCommandsQueued,
    maintNotifications: 'disabled',
  });
  let said: 'nothing' | 'away' | 'back' = 'nothing';
  let hanging = false;
  let refusalLoggedAt = Number.NEGATIVE_INFINITY;

  function away(err: unknown): void {
    if (said === 'away') return;
    said = 'away';
    log.warn({ err }, 'Redis is away: this replica goes on with what it has in its own memory');
  }
  function back(): void {
    hanging = false;
    if (said !== 'away') return;
    said = 'back';
    log.info({}, 'Redis is back: limits, budgets and the cache are shared again');
  }
  client.on('error', away);
  client.on('ready', back);

  /** Its first answer within the time, or undefined. An answer that comes later shows that Redis lives. */
  async function inTime<T>(reply: Promise<T>): Promise<T | undefined> {
    const answered = new AbortController();
    const tooLate = async (): Promise<undefined> => {
      const dueAt = systemClock.now() + commandTimeoutMs;
      await systemClock.sleep(commandTimeoutMs, answered.signal);
      // Where this process itself was busy, Redis has had no time yet.
      if (systemClock.now() > dueAt + busyForMs) await systemClock.sleep(commandTimeoutMs, answered.signal);
      hanging = true;
      away(new Error(`Redis did not answer within ${commandTimeoutMs} ms.`));
      // A refusal is an answer too. Where the connection ended, the next one tells.
      reply.then(back, (error: unknown) => (error instanceof ErrorReply ? back() : undefined));
      return undefined;
    };
    const late = tooLate().catch(() => undefined);
    try {
      return await Promise.race([reply, late]);
    } finally {
      answered.abort();
    }
  }

  async function send({ sha1, source }: LuaScript, rest: readonly string[]): Promise<unknown> {
    try {
      return await client.sendCommand(['EVALSHA', sha1, ...rest]);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await client.sendCommand(['EVAL', source, ...rest]);
    }
  }

  const firstAnswer = new AbortController();
  const soonReady = new Promise<void>((resolve) => {
    client.once('ready', resolve);
    client.once('error', () => resolve());
    systemClock.sleep(connectTimeoutMs, firstAnswer.signal).then(() => {
      away(new Error(`Redis could not be reached within ${connectTimeoutMs} ms.`));
      resolve();
    }, resolve);
  });
  // Rejects when it is closed before it was ever connected, and for nothing else: it tries again.
  client.connect().catch(() => {});
  await soonReady;
  firstAnswer.abort();

  return {
    get available() {
      return client.isReady && !hanging;
    },
    clock,
    async run(script, keys, args) {
      if (!client.isReady || hanging) return undefined;
      try {
        return await inTime(send(script, [String(keys.length), ...keys.map((key) => prefix + key), ...args.map(String)]));
      } catch (err) {
        const now = systemClock.now();
        if (err instanceof ErrorReply && now >= refusalLoggedAt + logRefusalEveryMs) {
          refusalLoggedAt = now;
          log.error({ err }, 'Redis refused a command, which was done without it');
        }
        return undefined;
      }
    },
    async close() {
      client.destroy();
    },
  };
}
