import { silentLogger, systemClock, type Clock, type Logger } from '@busbar/core';
import type { LuaScript } from './lua-script.ts';

/** Options for {@link openRedis}. */
export interface RedisOptions {
  /** Logs once when Redis becomes unreachable, and once when it is reachable again. Default: no log. */
  readonly log?: Logger | undefined;
  /** The clock for windows and expiry. Replicas that share a Redis must keep their clocks in step. Default: real time. */
  readonly clock?: Clock | undefined;
  /** The prefix of every key. Default `busbar:`. */
  readonly prefix?: string | undefined;
  /** The longest wait for a reply, in real time. If a command takes longer, the operation continues without Redis. Default 250. */
  readonly commandTimeoutMs?: number | undefined;
}

/**
 * A connection to a Redis server that may be unreachable at times. The limits, budgets, caches and locks of this package share it. Its
 * owner closes it.
 */
export interface Redis {
  /** Whether commands currently go to Redis. */
  readonly available: boolean;
  readonly clock: Clock;
  /**
   * Runs a script on keys, to which it adds the prefix. Resolves with undefined, and never rejects, if Redis is unreachable, replies too
   * late or refuses the command. A late script may still take effect.
   */
  run(script: LuaScript, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>;
  /** Disconnects at once. May be called twice. Later commands find Redis unreachable. */
  close(): Promise<void>;
}

// A server that hangs does not answer pings. The client then closes the connection and reconnects.
const pingEveryMs = 1_000;
const longestSilenceMs = 3_000;
const longestReconnectDelayMs = 1_000;
const connectTimeoutMs = 2_000;
const busyForMs = 50;
const logRefusalEveryMs = 60_000;
const maxCommandsQueued = 10_000;

/**
 * Connects to `redis://` or `rediss://[user:password@]host[:port][/database]`: a single server, not a cluster. Waits at most 2 seconds for
 * the first connection. If Redis is still unreachable, the promise resolves anyway and the client keeps trying to reconnect.
 *
 * @throws {TypeError} for any other URL. The message does not show the URL, which may contain a password.
 */
export async function openRedis(url: string, options: RedisOptions = {}): Promise<Redis> {
  const { log = silentLogger, clock = systemClock, prefix = 'busbar:', commandTimeoutMs = 250 } = options;
  if (!/^rediss?:\/\/[^/]/.test(url) || !URL.canParse(url))
    throw new TypeError('A Redis URL has the form redis://host:port or rediss://host:port.');
  // The client has hundreds of modules, which a server without Redis need not load.
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
  let loggedUnreachable = false;
  let hanging = false;
  let refusalLoggedAt = Number.NEGATIVE_INFINITY;

  function onUnreachable(err: unknown): void {
    if (loggedUnreachable) return;
    loggedUnreachable = true;
    log.warn({ err }, 'Redis is unreachable: this replica goes on with its own memory');
  }
  function onReachable(): void {
    hanging = false;
    if (!loggedUnreachable) return;
    loggedUnreachable = false;
    log.info({}, 'Redis is back: limits, budgets and the cache are shared again');
  }
  client.on('error', onUnreachable);
  client.on('ready', onReachable);

  /** Resolves with the reply, or with undefined after the timeout. A later reply shows that Redis answers again. */
  async function inTime<T>(reply: Promise<T>): Promise<T | undefined> {
    const late = Promise.withResolvers<undefined>();
    const giveUp = () => {
      hanging = true;
      onUnreachable(new Error(`Redis did not answer within ${commandTimeoutMs} ms.`));
      // A refusal is a reply too. If the connection was lost, the next connection calls onReachable.
      reply.then(onReachable, (error: unknown) => (error instanceof ErrorReply ? onReachable() : undefined));
      late.resolve(undefined);
    };
    const dueAt = systemClock.elapsed() + commandTimeoutMs;
    let cancel = systemClock.timer(commandTimeoutMs, () => {
      // If this process itself was busy, Redis has not yet had the full time to answer.
      if (systemClock.elapsed() > dueAt + busyForMs) cancel = systemClock.timer(commandTimeoutMs, giveUp);
      else giveUp();
    });
    try {
      return await Promise.race([reply, late.promise]);
    } finally {
      cancel();
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

  const firstConnection = Promise.withResolvers<void>();
  client.once('ready', firstConnection.resolve);
  client.once('error', () => firstConnection.resolve());
  const cancelWait = systemClock.timer(connectTimeoutMs, () => {
    onUnreachable(new Error(`Redis could not be reached within ${connectTimeoutMs} ms.`));
    firstConnection.resolve();
  });
  // Rejects only if the client is closed before it first connects. After any other failure the client reconnects.
  client.connect().catch(() => {});
  await firstConnection.promise;
  cancelWait();

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
        const now = systemClock.elapsed();
        if (err instanceof ErrorReply && now >= refusalLoggedAt + logRefusalEveryMs) {
          refusalLoggedAt = now;
          log.error({ err }, 'Redis refused a command, which was done in memory instead');
        }
        return undefined;
      }
    },
    async close() {
      client.destroy();
    },
  };
}
