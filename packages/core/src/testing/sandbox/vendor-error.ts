import type { SimulatorAnswer } from './simulator-wire.ts';

/** An error answer from the vendor. A handler may throw it, from any depth, instead of returning an answer. */
export class VendorError extends Error implements SimulatorAnswer {
  override readonly name = 'VendorError';
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`The vendor answers HTTP ${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}
