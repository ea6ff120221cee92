import type { CallLimit } from './call-limit.ts';
import { ToolError } from '../errors.ts';
import type { Call, Metering } from '../ports/metering.ts';
import type { Gate } from '../upstream/upstream-scope.ts';

type Admitted = Awaited<ReturnType<Metering['admit']>>;

/** Admits a call when it first wants to go out to its vendor, and so late that most of what never does need not be admitted at all. */
export class AdmissionGate implements Gate {
  readonly #metering: Metering;
  readonly #call: Call;
  readonly #limit: CallLimit;
  #admitted: Promise<Admitted> | undefined;
  #closed = false;

  constructor(metering: Metering, call: Call, limit: CallLimit) {
    this.#metering = metering;
    this.#call = call;
    this.#limit = limit;
  }

  /** Admits the call, once however often it is asked. @throws what {@link Metering.admit} does. */
  async pass(): Promise<void> {
    if (!this.#admitted) {
      this.#limit.throwIfAborted();
      // A tool may leave work running, and by now the call is recorded as one that stayed here.
      if (this.#closed) throw new ToolError('CANCELLED', 'The call has ended.');
      this.#admitted = this.#metering.admit(this.#call, this.#limit);
    }
    await this.#admitted;
  }

  /** Admits nothing from now on. Gives the admission that was asked for before; undefined: the call has not gone out, and will not. */
  close(): Promise<Admitted> | undefined {
    this.#closed = true;
    return this.#admitted;
  }
}
