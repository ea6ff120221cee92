import { ToolError } from '@busbar/core';
import { isContentPath } from '../plain-record.ts';

/** The record that fields are written to. */
interface Target {
  readonly object: string;
  /** Absent: a new record, or a record that an external id identifies. */
  readonly id?: string | undefined;
  /** The external id, which Salesforce takes from the path and refuses among the fields. */
  readonly external?: { readonly field: string; readonly value: string } | undefined;
  /** Where the fields are in the input, for messages. Default `fields`. */
  readonly at?: string;
}

/**
 * Returns the fields to write without the parts of a record, as it was read, that identify it: `attributes`, `Id` and the external id.
 *
 * @throws {ToolError} INVALID_INPUT if one of these names another record or object, if a field is given twice, or if no field is left.
 */
export function fieldsToWrite(fields: Readonly<Record<string, unknown>>, target: Target): Record<string, unknown> {
  const { at = 'fields', external } = target;
  const written: Record<string, unknown> = {};
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(fields)) {
    const key = name.toLowerCase();
    // Salesforce ignores case in names, and would take one of the two values.
    if (seen.has(key)) refuse(at, `${name} is there twice, in upper and lower case. Leave one of them out`);
    seen.add(key);
    if (isContentPath(value)) refuse(at, `${name} is a path, as it was read, and no content. Leave it out, or give the content in base64`);
    if (key === 'attributes') checkAttributes(value, target);
    else if (key === 'id') checkId(value, target);
    else if (external && key === external.field.toLowerCase()) checkExternalId(name, value, external.value, at);
    else written[name] = value;
  }
  if (Object.keys(written).length === 0) refuse(at, 'give at least one field to write');
  return written;
}

function checkAttributes(attributes: unknown, { object, at }: Target): void {
  const { type } = (attributes ?? {}) as { type?: unknown };
  if (typeof type === 'string' && type.toLowerCase() !== object.toLowerCase())
    refuse(at, `attributes names another object than ${object}. Leave attributes out`);
}

function checkId(value: unknown, { id, external, at }: Target): void {
  // An id of 18 characters is the id of 15 with a checksum.
  if (id !== undefined && typeof value === 'string' && value.slice(0, 15) === id.slice(0, 15)) return;
  if (id !== undefined) refuse(at, `Id is not ${id}, the record to change. Leave Id out`);
  refuse(at, `leave Id out: ${external ? 'the external id says which record it is' : 'Salesforce gives a new record its id'}`);
}

function checkExternalId(name: string, value: unknown, externalId: string, at: string): void {
  if (String(value) !== externalId) refuse(at, `leave ${name} out: externalId is its value`);
}

function refuse(at = 'fields', problem: string): never {
  throw new ToolError('INVALID_INPUT', `${at}: ${problem}. Nothing was sent.`);
}
