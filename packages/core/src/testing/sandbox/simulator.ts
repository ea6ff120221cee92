import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import { createRouter } from './router.ts';
import { runHandler } from './run-handler.ts';
import { breakOff, errorPage, parseBody, readBody, send, type HandlerAnswer, type SimulatorAnswer } from './simulator-wire.ts';
import { vendorClock } from './vendor-clock.ts';

export type { HandlerAnswer, SimulatorAnswer };

/** A request that arrived, with its whole body. */
export interface SimulatorRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** As sent, without the query. */
  readonly path: string;
  /** The route of the request, such as `GET /tickets/{id}`. Undefined: no route fits. */
  readonly route: string | undefined;
  /** The decoded values of the route's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed JSON or form. Undefined: the body has another type, or does not parse. */
  readonly body: unknown;
  readonly rawBody: string;
  /** How the exchange ended: `answered` in full, `broken` by a misbehaviour, or `closed` by the client before the whole answer was sent. */
  readonly ended: Promise<'answered' | 'broken' | 'closed'>;
}

/**
 * Answers the requests of one route, or throws the vendor's error as a `VendorError`. Any other error becomes a plain 500 with the error's
 * text, so that bugs are visible.
 */
export type SimulatorHandler = (request: SimulatorRequest) => HandlerAnswer | Promise<HandlerAnswer>;

/** Selects requests: by a route as declared, or by a function. */
export type SimulatorMatch = string | ((request: SimulatorRequest) => boolean);

/**
 * How the vendor misbehaves:
 * - `status`: answers with the status and performs nothing. `body` absent: the vendor's usual body for it; `''`: no body. For a burst of
 *   429, set `times`.
 * - `expire`: expires the token in the request's `Authorization` header in mid-call. Answers this request and all others with the token by
 *   401 until `recover`. Skips requests without that header.
 * - `html`: answers with the error page of a proxy in front of the vendor (default 502). Performs nothing.
 * - `reset`: resets the connection and performs nothing.
 * - `lose`: performs the request, then resets the connection, so that the answer is lost.
 * - `truncate`: performs the request, and breaks off in the middle of the answer's body.
 * - `hang`: does not answer until `recover`. Performs the request only then, if the client is still connected.
 * - `slow`: waits `ms` of the clock, then performs the request.
 * - `change`: performs the request, and sends the answer that `change` returns.
 * - `skew`: sets the vendor's clock, and so the `Date` of its answers, `ms` ahead of ours until `recover`. Negative: behind.
 */
export type Misbehaviour = RequestFault | { readonly kind: 'skew'; readonly ms: number };

/** A misbehaviour of single requests. */
type RequestFault = {
  /** The requests that it affects. Default: every request. */
  readonly match?: SimulatorMatch;
  /** How many requests it affects. Default 1. */
  readonly times?: number;
} & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    }
  | { readonly kind: 'html'; readonly status?: number }
  | { readonly kind: 'expire' | 'reset' | 'lose' | 'truncate' | 'hang' }
  | { readonly kind: 'slow'; readonly ms: number }
  | { readonly kind: 'change'; change(answer: SimulatorAnswer, request: SimulatorRequest): SimulatorAnswer }
);

/** Options of {@link startSimulator}. */
export interface SimulatorOptions {
  /** Handlers by method and path template: `'GET /tickets/{id}'`. If two fit, the template with the earlier literal segment wins. */
  readonly routes: Readonly<Record<string, SimulatorHandler>>;
  /** Returns the vendor's answer to unknown paths (404), and to misbehaviours without a body of their own. Default: no body. */
  readonly failure?: (status: number) => Omit<SimulatorAnswer, 'status'>;
  /** The headers of every answer that a handler returns or throws, such as the vendor's limits. Called after the handler. */
  readonly headers?: (request: SimulatorRequest) => Readonly<Record<string, string>>;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly hostname?: string | undefined;
  /**
   * The clock for `slow` and for the dates of answers. If handlers read the time, pass their `vendorClock`, so that `skew` affects them
   * too. Default: real time.
   */
  readonly clock?: Clock;
  /** Requests with larger bodies get a 413 and are not recorded. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** The most requests that are kept. Older requests are dropped. Default 1,000. */
  readonly maxRequests?: number | undefined;
}

/** A vendor that runs on this machine. */
export interface Simulator {
  /** Its origin, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The newest requests, oldest first. */
  readonly requests: readonly SimulatorRequest[];
  /** Adds a misbehaviour. Several take effect in the order in which they were added. At most 100 may wait. @throws {RangeError} beyond. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Ends all misbehaviour: drops waiting misbehaviours, continues hanging requests, revives tokens, and corrects the clock. */
  recover(): void;
  /** Resolves with the `count`-th kept request that matches, once it arrives. Rejects if the simulator closes first. */
  received(match?: SimulatorMatch, count?: number): Promise<SimulatorRequest>;
  /** Closes all connections and stops. May be called twice. */
  close(): Promise<void>;
}

const maxMisbehaviours = 100;
const maxExpired = 100;
// The sandbox decides which sizes the vendor accepts. Node's own limit of 16 KiB would apply first.
const maxHeaderSize = 64 * 1024;
// Node closes a connection that is idle for 5 seconds. A client that uses it again at that moment gets a reset, which no test asked for.
// So the client alone ends idle connections, and `close` cuts the rest.
const keepAliveTimeout = 0;

/** Starts a local HTTP server that behaves like a vendor, and misbehaves on demand. Connectors build their sandboxes on it. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const {
    failure = (): Omit<SimulatorAnswer, 'status'> => ({}),
    maxBodyBytes = 2 ** 20,
    maxRequests = 1_000,
    hostname = '127.0.0.1',
  } = options;
  const clock = vendorClock(options.clock);
  const find = createRouter(options.routes);
  const requests: SimulatorRequest[] = [];
  const faults: { readonly fault: RequestFault; left: number }[] = [];
  const expired = new Set<string>();
  const watchers = new Set<{ look(): void; fail(reason: Error): void }>();
  const hanging = new Set<() => void>();

  const server = createServer({ maxHeaderSize, keepAliveTimeout }, (incoming, response) => {
    serve(incoming, response).catch((error: unknown) => {
      if (!response.headersSent) answer(response, { status: 500, body: `The simulator failed: ${String(error)}` });
    });
  });
  const answer = (response: ServerResponse, content: SimulatorAnswer): void => send(response, content, clock.now());

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const disconnected = new AbortController();
    let broken = false;
    const ended = new Promise<'answered' | 'broken' | 'closed'>((resolve) => {
      let answered = false;
      // Node 22 says "finished" too of an answer whose socket was destroyed while it waited there.
      response.once('finish', () => (answered = !incoming.socket.destroyed));
      response.once('close', () => {
        resolve(answered ? 'answered' : broken ? 'broken' : 'closed');
        disconnected.abort(new Error('The client has disconnected.'));
      });
    });
    const reset = (): void => {
      broken = true;
      incoming.socket.resetAndDestroy();
    };

    const rawBody = await readBody(incoming, maxBodyBytes);
    if (rawBody === undefined) return answer(response, { status: 413, headers: { connection: 'close' }, ...failure(413) });

    const { method = 'GET', url = '/' } = incoming;
    const { pathname, searchParams } = new URL(url, 'http://simulator');
    const { route, params, handler } = find(method, pathname);
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const body = parseBody(rawBody, headers['content-type'] ?? '');
    const request = { method, url, path: pathname, route, params, query: searchParams, headers, body, rawBody, ended };
    requests.push(request);
    if (requests.length > maxRequests) requests.shift();
    for (const watcher of watchers) watcher.look();

    const fault = nextFault(request);
    switch (fault?.kind) {
      case 'status': {
        const usual = failure(fault.status);
        return answer(response, {
          ...usual,
          status: fault.status,
          headers: { ...usual.headers, ...fault.headers },
          ...('body' in fault && { body: fault.body }),
        });
      }
      case 'expire':
        expired.add(headers['authorization'] ?? '');
        if (expired.size > maxExpired) for (const oldest of expired.values().take(1)) expired.delete(oldest);
        break;
      case 'html':
        return answer(response, errorPage(fault.status ?? 502));
      case 'reset':
        return reset();
      case 'hang':
        await new Promise<void>((resolve) => {
          hanging.add(resolve);
          disconnected.signal.addEventListener('abort', () => {
            hanging.delete(resolve);
            resolve();
          });
        });
        break;
      case 'slow':
        await clock.sleep(fault.ms, disconnected.signal).catch(() => {});
        break;
    }
    if (disconnected.signal.aborted) return;
    if (expired.has(headers['authorization'] ?? '')) return answer(response, { status: 401, ...failure(401) });

    const regular = handler ? await runHandler(handler, request, options.headers) : { status: 404, ...failure(404) };
    if (fault?.kind === 'lose') return reset();
    if (fault?.kind === 'change') return answer(response, fault.change(regular, request));
    if (fault?.kind !== 'truncate') return answer(response, regular);
    broken = true;
    breakOff(response, regular, clock.now());
  }

  function nextFault(request: SimulatorRequest): RequestFault | undefined {
    const index = faults.findIndex(
      ({ fault }) => fits(fault.match, request) && (fault.kind !== 'expire' || request.headers['authorization'] !== undefined),
    );
    const next = faults[index];
    if (!next) return undefined;
    next.left -= 1;
    if (next.left <= 0) faults.splice(index, 1);
    return next.fault;
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, hostname, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;
  let closing: Promise<void> | undefined;

  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    requests,
    misbehave(misbehaviour) {
      if (misbehaviour.kind === 'skew') {
        clock.skewMs = misbehaviour.ms;
        return;
      }
      if (faults.length >= maxMisbehaviours) throw new RangeError(`At most ${maxMisbehaviours} misbehaviours can wait`);
      faults.push({ fault: misbehaviour, left: misbehaviour.times ?? 1 });
    },
    recover() {
      faults.length = 0;
      expired.clear();
      clock.skewMs = 0;
      for (const proceed of hanging) proceed();
      hanging.clear();
    },
    received(match, count = 1) {
      return new Promise((resolve, reject) => {
        const watcher = {
          look() {
            const found = requests.filter((request) => fits(match, request))[count - 1];
            if (!found) return;
            watchers.delete(watcher);
            resolve(found);
          },
          fail: reject,
        };
        watchers.add(watcher);
        watcher.look();
      });
    },
    close() {
      closing ??= new Promise((resolve) => {
        for (const watcher of watchers) watcher.fail(new Error('The simulator was closed before the request arrived'));
        watchers.clear();
        server.close(() => resolve());
        server.closeAllConnections();
      });
      return closing;
    },
  };
}

function fits(match: SimulatorMatch | undefined, request: SimulatorRequest): boolean {
  return match === undefined || (typeof match === 'string' ? request.route === match : match(request));
}
