import type { Json, Schema } from './json.ts';
import type { Random } from './random.ts';

/** A request, as it is sent and as a case of a failure keeps it. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A kind of request with a search of its own, such as the calls of one tool. */
export interface Group {
  readonly name: string;
  /** The values to begin with. At least one. */
  readonly seeds: readonly Json[];
  readonly schema?: Schema;
  /** About the most bytes of a value as JSON. */
  readonly maxBytes: number;
  /** Writes a value as a request. `write` writes JSON in the input’s spelling. */
  request(value: Json, write: (value: Json) => string, random: Random): FuzzRequest | Promise<FuzzRequest>;
  /** True: the cost depends on the stored data, which grows, so it is no fault of the input. Default: false. */
  readonly readsEverything?: boolean;
}

/** The result of one request. */
export interface Outcome {
  /** The CPU time of the server, in milliseconds. */
  readonly cpuMs: number;
  /** A short word for the kind of answer, such as `INVALID_INPUT` or `404`. */
  readonly code: string;
  /** The fault that this answer is by itself, such as an answer of 500 or the end of the process. */
  readonly fault?: string;
}

/** A server to search. */
export interface Target {
  send(request: FuzzRequest): Promise<Outcome>;
}
