import type { Records, UserRecord } from './records.ts';
import { badRequest, invalid } from './refusal.ts';

/** Fields that are stored unchanged. */
const plainFields = ['name', 'external_id', 'phone', 'organization_id', 'details', 'notes', 'tags', 'role', 'alias'];

/** Updates the user with the address or external id in the body, or creates a user. @throws {VendorError} for invalid fields. */
export function createOrUpdateUser(
  records: Records,
  body: unknown,
  beforeUpdate: (user: number) => void,
): { user: UserRecord; created: boolean } {
  const input = (body as { user?: Record<string, unknown> } | undefined)?.user;
  if (typeof input !== 'object' || input === null) throw badRequest('user must be an object');
  const { email, external_id } = input as { email?: string; external_id?: string };
  if (email !== undefined && !/^[^@\s]+@[^@\s]+$/.test(email))
    throw invalid('email', `Email: ${email} is not properly formatted`, 'InvalidFormat');
  const same = (stored: unknown, given: string | undefined) =>
    given !== undefined && String(stored ?? '').toLowerCase() === given.toLowerCase();
  const found =
    records.users.values().find((user) => same(user.email, email)) ??
    records.users.values().find((user) => same(user['external_id'], external_id));
  const organization = input['organization_id'];
  if (typeof organization === 'number' && !records.organizations.has(organization))
    throw invalid('organization', 'Organization: is invalid', 'InvalidValue');
  const fields: Partial<UserRecord> = Object.fromEntries(
    plainFields.filter((name) => input[name] !== undefined).map((name) => [name, input[name]]),
  );
  if (found) {
    beforeUpdate(found.id);
    // A user keeps its address. A new address becomes a further address, which this sandbox does not return.
    return { user: records.changeUser(found, { ...fields, email: found.email ?? email ?? null }), created: false };
  }
  if (typeof fields.name !== 'string' || fields.name === '')
    throw invalid('name', 'Name: is too short (minimum one character)', 'NameTooShort');
  return { user: records.addUser({ ...fields, name: fields.name, email: email ?? null }), created: true };
}
