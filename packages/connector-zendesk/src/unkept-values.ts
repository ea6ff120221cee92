import { textStart, type Context } from '@busbar/core';

type Fields = Readonly<Record<string, unknown>>;

/** The inputs that set Zendesk's fields, for warnings. All other fields have the name of their input. */
const inputNames: Readonly<Record<string, string>> = {
  assignee_email: 'assigneeEmail',
  assignee_id: 'assigneeId',
  custom_fields: 'customFields',
  due_at: 'dueAt',
  external_id: 'externalId',
  group_id: 'groupId',
  organization_id: 'organizationId',
  requester_id: 'requesterId',
};

const maxShown = 3;
const maxValue = 30;

/**
 * Warns about values of a write that Zendesk's answer does not have. Zendesk reports success even if it drops a value, such as a choice
 * that a field does not offer. `hint` says why that happens. A field that the answer leaves out is not compared.
 */
export function warnOfUnkeptValues(given: Fields, written: Fields, hint: string, context: Context): void {
  const problems = Object.entries(given).flatMap(([name, value]) =>
    value === undefined || written[name] === undefined ? [] : unkept(name, value, written[name]),
  );
  if (problems.length === 0) return;
  const more = problems.length > maxShown ? ` (and ${problems.length - maxShown} more)` : '';
  context.warn(`Zendesk did not keep all values: ${problems.slice(0, maxShown).join('; ')}${more}. ${hint}`);
}

function unkept(name: string, given: unknown, written: unknown): string[] {
  const label = inputNames[name] ?? name;
  if (name === 'tags') {
    const kept = new Set(textsOf(written));
    const missing = textsOf(given).filter((tag) => !kept.has(tag));
    return missing.length > 0 ? [`tags lack ${show(missing)}`] : [];
  }
  if (name !== 'custom_fields') return isSame(given, written) ? [] : [difference(label, given, written)];
  const now = new Map(fieldsIn(written));
  return fieldsIn(given).flatMap(([id, value]) => (isSame(value, now.get(id)) ? [] : [difference(`${label} ${id}`, value, now.get(id))]));
}

const difference = (label: string, given: unknown, written: unknown): string =>
  `${label} is ${isEmpty(written) ? 'empty' : show(written)}, not ${isEmpty(given) ? 'empty' : show(given)}`;

const show = (value: unknown): string => {
  const text = rawTexts(value).join(', ');
  return `"${textStart(text, maxValue)}${text.length > maxValue ? '…' : ''}"`;
};

const isEmpty = (value: unknown): boolean => rawTexts(value).length === 0;

/** Whether two values are one, however Zendesk writes it: a checkbox that is off is false or null, and a tag is in lower case. */
function isSame(given: unknown, written: unknown): boolean {
  const [one, other] = [textsOf(given), textsOf(written)];
  if (one.length !== other.length) return false;
  other.sort();
  return one.sort().every((text, index) => isSameText(text, other[index] ?? ''));
}

function isSameText(one: string, other: string): boolean {
  if (one === other || Number(one) === Number(other)) return true;
  if (time.test(one)) return Date.parse(one) === Date.parse(other);
  return phone.test(one) && one.replaceAll(separators, '') === other.replaceAll(separators, '');
}

const time = /^\d{4}-\d\d-\d\dt/;
const phone = /^\+?[\d\s().-]+$/;
const separators = /[\s().-]/g;

/** Writes a value as texts that can be compared. A value that is empty or off has none. */
const textsOf = (value: unknown): string[] =>
  value === false ? [] : rawTexts(value).map((text) => text.replaceAll(/\s+/g, ' ').toLowerCase());

function rawTexts(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.map((each) => (each === null || each === undefined ? '' : String(each).trim())).filter((text) => text !== '');
}

const fieldsIn = (fields: unknown): [number, unknown][] =>
  (Array.isArray(fields) ? fields : []).map(({ id, value }: { id: number; value: unknown }) => [id, value]);
