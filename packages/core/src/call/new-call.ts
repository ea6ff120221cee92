import type { CatalogEntry } from '../catalog/catalog.ts';
import { textStart } from '../connector/truncate.ts';
import type { CallRequest } from '../host.ts';
import { canonicalJson, digest } from '../lib/digest.ts';
import type { Redactor } from '../lib/redactor.ts';
import type { Connection } from '../ports/connections.ts';
import type { Call } from '../ports/metering.ts';

const maxUnits = 1_000_000;
const maxAuditedLength = 2_000;
// The rest is cut off, and searching a megabyte for secrets takes long. A secret that begins in the audited part ends before this.
const maxSearchedLength = 64 * 1024;

/** Options for {@link newCall}. The arguments have already been validated. */
export interface NewCall {
  readonly callId: string;
  readonly startedAt: number;
  readonly request: CallRequest;
  readonly entry: CatalogEntry;
  /** The validated arguments. */
  readonly input: unknown;
  readonly connection: Connection;
  readonly redactor: Redactor;
  readonly repeatWindowMs: number;
}

/**
 * Returns the record of a call that is about to begin. @throws {RangeError} if the tool's `units` is not a whole number from 0 to
 * 1,000,000.
 */
export function newCall({ callId, startedAt, request, entry, input, connection, redactor, repeatWindowMs }: NewCall): Call {
  const { key, inputHash, keepMs } = claimOf(request, entry, input, repeatWindowMs);
  return {
    callId,
    principal: request.principal,
    address: request.address,
    connector: entry.connector,
    connection: connection.id,
    tool: entry.name,
    effect: entry.effect,
    key,
    inputHash,
    keepMs,
    units: unitsOf(entry, input),
    startedAt,
    arguments: request.arguments,
    auditInput: () => auditInput(entry, request.arguments, redactor),
  };
}

const noClaim: Pick<Call, 'key' | 'inputHash' | 'keepMs'> = { inputHash: '' };

/**
 * Returns the key that keeps a write from running twice: the client's key, or a key derived from the caller and the arguments. Reads have
 * no key.
 */
function claimOf(
  { principal, idempotencyKey }: CallRequest,
  { effect }: CatalogEntry,
  input: unknown,
  repeatWindowMs: number,
): Pick<Call, 'key' | 'inputHash' | 'keepMs'> {
  if (effect === 'read' || (idempotencyKey === undefined && repeatWindowMs <= 0)) return noClaim;
  const inputHash = digest(canonicalJson(input));
  if (idempotencyKey !== undefined) return { key: idempotencyKey, inputHash };
  return { key: `repeat ${digest(JSON.stringify([principal.id, inputHash]))}`, inputHash, keepMs: repeatWindowMs };
}

function unitsOf({ name, tool }: CatalogEntry, input: unknown): number {
  const units = tool.units?.(input) ?? 1;
  if (!Number.isInteger(units) || units < 0 || units > maxUnits)
    throw new RangeError(`${name} takes ${units} units; it must be a whole number from 0 to ${maxUnits}`);
  return units;
}

function auditInput({ withoutSecrets }: CatalogEntry, args: unknown, redactor: Redactor): string {
  const json = JSON.stringify(withoutSecrets(args)) ?? 'null';
  if (json.length > maxSearchedLength)
    return JSON.stringify(textStart(redactor.text(textStart(json, maxSearchedLength)), maxAuditedLength));
  const audited = redactor.finds(json) ? JSON.stringify(redactor.value(JSON.parse(json))) : json;
  return audited.length <= maxAuditedLength ? audited : JSON.stringify(textStart(audited, maxAuditedLength));
}
