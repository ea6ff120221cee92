import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import { createRouter } from './router.ts';
import { runHandler } from './run-handler.ts';
import { breakOff, errorPage, parseBody, readBody, send, type HandlerAnswer, type SimulatorAnswer } from './simulator-wire.ts';
import { vendorClock } from './vendor-clock.ts';

export type { HandlerAnswer, SimulatorAnswer };

/** One request that arrived, complete with its body. */
export interface SimulatorRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  /** As sent, without the query. */
  readonly path: string;
  /** The route that takes it, such as `GET /tickets/{id}`. Undefined where none does. */
  readonly route: string | undefined;
  /** The decoded values of the route's `{names}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed JSON or form; otherwise, and where it does not parse, undefined. */
  readonly body: unknown;
  readonly rawBody: string;
  /** How the exchange ended: `answered` in full, `broken` by a misbehaviour, or `closed` by the client before its answer was out. */
  readonly ended: Promise<'answered' | 'broken' | 'closed'>;
}

/**
 * Answers the requests of one route, or throws the vendor's error as a `VendorError`. Any other error becomes a plain 500 with the error's
 * text: a simulator hides nothing.
 */
export type SimulatorHandler = (request: SimulatorRequest) => HandlerAnswer | Promise<HandlerAnswer>;

/** Which requests are meant: a route as it was declared, or a test of one's own. */
export type SimulatorMatch = string | ((request: SimulatorRequest) => boolean);

/**
 * How the vendor misbehaves:
 * - `status`: answers that status and performs nothing. `body` absent: what the vendor says with it; `''`: no body. A burst of 429 is one
 *   with `times`.
 * - `expire`: ends the token in the request's `Authorization` header, as tokens end in mid-call: this request and all others with it are
 *   answered 401 until `recover`. Passes over requests without that header.
 * - `html`: the error page of a proxy in front of the vendor (default 502). Performs nothing.
 * - `reset`: resets the connection and performs nothing.
 * - `lose`: performs the request, then resets the connection: the lost answer.
 * - `truncate`: performs the request, and breaks off in the middle of the answer's body.
 * - `hang`: answers nothing until `recover`, and performs the request only then, if the client is still there.
 * - `slow`: waits `ms` of the clock first.
 * - `change`: performs the request, and gives what `change` makes of its answer.
 * - `skew`: sets the vendor's clock, and with it the `Date` of its answers, `ms` ahead of ours (behind where negative) until `recover`.
 */
export type Misbehaviour = RequestFault | { readonly kind: 'skew'; readonly ms: number };

/** What happens to single requests. */
type RequestFault = {
  /** Default: every request. */
  readonly match?: SimulatorMatch;
  /** How many requests it happens to. Default 1. */
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

/** What a simulator is made of. */
export interface SimulatorOptions {
  /** Handlers by method and path template: `'GET /tickets/{id}'`. Where two fit, the one with the earlier literal segment wins. */
  readonly routes: Readonly<Record<string, SimulatorHandler>>;
  /** What the vendor says with a status, for unknown paths (404) and misbehaviours without a body of their own. Default: no body. */
  readonly failure?: (status: number) => Omit<SimulatorAnswer, 'status'>;
  /** The headers of every answer that a handler returns or throws, such as the vendor's limits. Called after the handler. */
  readonly headers?: (request: SimulatorRequest) => Readonly<Record<string, string>>;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly hostname?: string | undefined;
  /**
   * What `slow` waits by, and answers are dated by. Where handlers tell the time give it their `vendorClock`, so that `skew` reaches them
   * too. Default: real time.
   */
  readonly clock?: Clock;
  /** Larger bodies are answered 413 and not recorded. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** How many of the newest requests are kept. Default 1,000. */
  readonly maxRequests?: number | undefined;
}

/** A vendor that runs on this machine. */
export interface Simulator {
  /** Its origin, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The newest requests, oldest first. */
  readonly requests: readonly SimulatorRequest[];
  /** Misbehaviours happen in the order in which they were asked for. At most 100 wait. */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Ends all misbehaviour: what waits is forgotten, requests that hang go on, tokens live again, and the clock is right. */
  recover(): void;
  /** Resolves with the `count`-th kept request that matches, once it is there. Rejects when the simulator closes first. */
  received(match?: SimulatorMatch, count?: number): Promise<SimulatorRequest>;
  /** Cuts all connections and stops. May be called twice. */
  close(): Promise<void>;
}

const maxMisbehaviours = 100;
const maxExpired = 100;
// How much a vendor takes is its sandbox's to say. Node's own limit, of 16 KiB, would come first.
const maxHeaderSize = 64 * 1024;
// Node closes a connection that is idle for 5 seconds. A client that uses it again at that moment gets a reset, which no test asked for.
// So the client alone ends idle connections, and `close` cuts the rest.
const keepAliveTimeout = 0;

/** Starts a local HTTP server that behaves like a vendor, and misbehaves on demand: the ground that a connector's sandbox stands on. */
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
  const answer = (response: ServerResponse, said: SimulatorAnswer): void => send(response, said, clock.now());

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    let broken = false;
    const ended = new Promise<'answered' | 'broken' | 'closed'>((resolve) => {
      let answered = false;
      // Node 22 says "finished" too of an answer whose socket was destroyed while it waited there.
      response.once('finish', () => (answered = !incoming.socket.destroyed));
      response.once('close', () => {
        resolve(answered ? 'answered' : broken ? 'broken' : 'closed');
        gone.abort(new Error('The client has gone.'));
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
        const said = failure(fault.status);
        return answer(response, {
          ...said,
          status: fault.status,
          headers: { ...said.headers, ...fault.headers },
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
          gone.signal.addEventListener('abort', () => {
            hanging.delete(resolve);
            resolve();
          });
        });
        break;
      case 'slow':
        await clock.sleep(fault.ms, gone.signal).catch(() => {});
        break;
    }
    if (gone.signal.aborted) return;
    if (expired.has(headers['authorization'] ?? '')) return answer(response, { status: 401, ...failure(401) });

    const said = handler ? await runHandler(handler, request, options.headers) : { status: 404, ...failure(404) };
    if (fault?.kind === 'lose') return reset();
    if (fault?.kind === 'change') return answer(response, fault.change(said, request));
    if (fault?.kind !== 'truncate') return answer(response, said);
    broken = true;
    breakOff(response, said, clock.now());
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
      for (const goOn of hanging) goOn();
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
