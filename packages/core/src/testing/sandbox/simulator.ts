import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../clock.ts';
import { Exchange } from './exchange.ts';
import { Misbehaviours, type Misbehaviour, type RequestFault } from './misbehaviours.ts';
import { RequestLog } from './request-log.ts';
import { createRouter } from './router.ts';
import { runHandler } from './run-handler.ts';
import type { SimulatorMatch, SimulatorRequest } from './simulator-request.ts';
import { errorPage, parseBody, readBody, type HandlerAnswer, type SimulatorAnswer } from './simulator-wire.ts';
import { vendorClock, type VendorClock } from './vendor-clock.ts';

export type { HandlerAnswer, Misbehaviour, SimulatorAnswer, SimulatorMatch, SimulatorRequest };

/**
 * Answers the requests of one route, or throws the vendor's error as a `VendorError`. Any other error becomes a plain 500 with the error's
 * text, so that bugs are visible.
 */
export type SimulatorHandler = (request: SimulatorRequest) => HandlerAnswer | Promise<HandlerAnswer>;

/** Options for {@link startSimulator}. */
export interface SimulatorOptions {
  /** Handlers by method and path template: `'GET /tickets/{id}'`. If two fit, the template with the earlier literal segment wins. */
  readonly routes: Readonly<Record<string, SimulatorHandler>>;
  /** Returns the vendor's answer to unknown paths (404), and to misbehaviours without a body of their own. Default: no body. */
  readonly failure?: ((status: number) => Omit<SimulatorAnswer, 'status'>) | undefined;
  /** Returns the headers of every answer that a handler returns or throws, such as the vendor's limits. Called after the handler. */
  readonly headers?: ((request: SimulatorRequest) => Readonly<Record<string, string>>) | undefined;
  /** Default 0: any free port. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. */
  readonly hostname?: string | undefined;
  /**
   * The clock for `slow` and for the dates of answers. If handlers read the time, pass their `vendorClock`, so that `skew` affects them
   * too. Default: real time.
   */
  readonly clock?: Clock | undefined;
  /** Requests with larger bodies get a 413 and are not recorded. Default 1 MiB. */
  readonly maxBodyBytes?: number | undefined;
  /** The maximum number of requests that are kept. Older requests are dropped. Default 1,000. */
  readonly maxRequests?: number | undefined;
}

/** A vendor that runs on this machine. */
export interface Simulator {
  /** Its origin, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** The newest requests, oldest first. */
  readonly requests: readonly SimulatorRequest[];
  /**
   * Adds a misbehaviour. Misbehaviours take effect in the order in which they were added. @throws {RangeError} if 100 are already waiting.
   */
  misbehave(misbehaviour: Misbehaviour): void;
  /** Ends all misbehaviour: drops waiting misbehaviours, resumes hanging requests, revives tokens, and corrects the clock. */
  recover(): void;
  /** Resolves with the `count`-th kept request that matches, once it arrives. Rejects if the simulator closes first. */
  received(match?: SimulatorMatch, count?: number): Promise<SimulatorRequest>;
  /** Closes all connections and stops. May be called twice. */
  close(): Promise<void>;
}

// The sandbox decides which sizes the vendor accepts. Node's own limit of 16 KiB would apply first.
const maxHeaderSize = 64 * 1024;
// Node closes a connection that is idle for 5 seconds. A client that uses it again at that moment gets a reset, which no test asked for.
// So the client alone ends idle connections, and `close` cuts the rest.
const keepAliveTimeout = 0;

/** Starts a local HTTP server that behaves like a vendor and misbehaves on demand. Connectors build their sandboxes on it. */
export async function startSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { hostname = '127.0.0.1' } = options;
  const vendor = new Vendor(options);
  const server = createServer({ maxHeaderSize, keepAliveTimeout }, (incoming, response) => {
    const exchange = new Exchange(incoming, response, vendor.clock.now);
    vendor.serve(exchange).catch((error: unknown) => exchange.fail(error));
  });
  const port = await listen(server, options.port ?? 0, hostname);
  let closing: Promise<void> | undefined;
  return {
    url: `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    requests: vendor.log.requests,
    misbehave: (misbehaviour) => vendor.misbehaviours.add(misbehaviour),
    recover: () => vendor.misbehaviours.recover(),
    received: (match, count) => vendor.log.received(match, count),
    close: () =>
      (closing ??= new Promise((resolve) => {
        vendor.log.close();
        server.close(() => resolve());
        server.closeAllConnections();
      })),
  };
}

/** Listens, and returns the port. */
function listen(server: Server, port: number, hostname: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, hostname, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** A vendor without its server: routes, misbehaviours and the log of requests. */
class Vendor {
  readonly clock: VendorClock;
  readonly log: RequestLog;
  readonly misbehaviours: Misbehaviours;
  readonly #options: SimulatorOptions;
  readonly #find: ReturnType<typeof createRouter<SimulatorHandler>>;

  constructor(options: SimulatorOptions) {
    this.#options = options;
    this.#find = createRouter(options.routes);
    this.clock = vendorClock(options.clock);
    this.log = new RequestLog(options.maxRequests ?? 1_000);
    this.misbehaviours = new Misbehaviours(this.clock);
  }

  async serve(exchange: Exchange): Promise<void> {
    const { maxBodyBytes = 2 ** 20 } = this.#options;
    const rawBody = await readBody(exchange.incoming, maxBodyBytes);
    if (rawBody === undefined) return exchange.answer({ headers: { connection: 'close' }, ...this.#failure(413) });
    const { handler, ...request } = this.#read(exchange, rawBody);
    this.log.add(request);

    const fault = this.misbehaviours.take(request);
    if (fault?.kind === 'status') return exchange.answer(this.#withStatus(fault));
    if (fault?.kind === 'html') return exchange.answer(errorPage(fault.status ?? 502));
    if (fault?.kind === 'reset') return exchange.reset();
    if (fault?.kind === 'hang') await this.misbehaviours.hang(exchange.signal);
    if (fault?.kind === 'slow') await this.clock.sleep(fault.ms, exchange.signal).catch(() => {});
    if (exchange.signal.aborted) return;
    if (this.misbehaviours.hasExpired(request)) return exchange.answer(this.#failure(401));

    const answer = handler ? await runHandler(handler, request, this.#options.headers) : this.#failure(404);
    if (fault?.kind === 'lose') return exchange.reset();
    if (fault?.kind === 'truncate') return exchange.breakOff(answer);
    exchange.answer(fault?.kind === 'change' ? fault.change(answer, request) : answer);
  }

  #read({ incoming, ended }: Exchange, rawBody: string): SimulatorRequest & { readonly handler: SimulatorHandler | undefined } {
    const { method = 'GET', url = '/' } = incoming;
    const { pathname: path, searchParams: query } = new URL(url, 'http://simulator');
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]));
    const body = parseBody(rawBody, headers['content-type'] ?? '');
    return { method, url, path, ...this.#find(method, path), query, headers, body, rawBody, ended };
  }

  #failure(status: number): SimulatorAnswer {
    return { status, ...this.#options.failure?.(status) };
  }

  #withStatus(fault: RequestFault & { readonly kind: 'status' }): SimulatorAnswer {
    const usual = this.#failure(fault.status);
    return { ...usual, headers: { ...usual.headers, ...fault.headers }, ...('body' in fault && { body: fault.body }) };
  }
}
