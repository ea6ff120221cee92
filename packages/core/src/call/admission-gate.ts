import { ToolError } from '../errors.ts';
import type { Call, Metering } from '../ports/metering.ts';
import type { Gate } from '../upstream/upstream-scope.ts';
import type { CallLimit } from './call-limit.ts';

type Admitted = Awaited<ReturnType<Metering['admit']>>;

/** Admits a call just before its first upstream request, so that reads without upstream requests skip the admission write. */
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

  /** Admits the call. Later passes wait for the same admission. @throws the errors of {@link Metering.admit}. */
  async pass(): Promise<void> {
    if (!this.#admitted) {
      this.#limit.throwIfAborted();
      // A tool may leave work running after it returns. The call is then already recorded as a call without upstream requests.
      if (this.#closed) throw new ToolError('CANCELLED', 'The call has ended.');
      this.#admitted = this.#metering.admit(this.#call, this.#limit);
    }
    await this.#admitted;
  }

  /**
   * Refuses later admissions. Returns the admission that has already begun, or undefined if the call has sent no request and can no longer
   * send any.
   */
  close(): Promise<Admitted> | undefined {
    this.#closed = true;
    return this.#admitted;
  }
}
