import type { OrgRecords } from './org-records.ts';
import { malformed, refusal } from './refusal.ts';
import { vendorLimits } from './vendor-limits.ts';

const form = /^FIND \{((?:[^\\{}]|\\[^])+)\} IN (ALL|NAME|EMAIL|PHONE) FIELDS RETURNING (.+)$/;
const scopes: Readonly<Record<string, readonly string[]>> = { NAME: ['Name'], EMAIL: ['Email'], PHONE: ['Phone'] };

/**
 * Runs a search in the form that the connector writes: every word must occur. Refuses unescaped reserved characters and operators as
 * malformed. Unlike Salesforce, it finds new records at once.
 *
 * @throws {VendorError}
 */
export function searchRecords(records: OrgRecords, sosl: string, base: string): object[] {
  const [, text = '', scope = '', returning = ''] = form.exec(sosl) ?? [];
  if (text === '') throw malformed(`unexpected token: '${sosl.slice(0, 30)}'`);
  if (/(?<!\\)(?:\\\\)*[?&|!{}[\]()^~*:"'+-]/.test(text) || /\b(?:AND|OR|NOT)\b/.test(text))
    throw malformed('this sandbox searches for plain words only');
  const words = text
    .replaceAll(/\\([^])/g, '$1')
    .toLowerCase()
    .split(/\s+/);
  const parts = [...returning.matchAll(/(\w+)\(([^()]*?)(?: LIMIT (\d+))?\)(?:, |$)/g)];
  if (parts.map(([whole]) => whole).join('') !== returning) throw malformed(`unexpected token: '${returning.slice(0, 30)}'`);
  if (parts.length > vendorLimits.searchObjects.most) throw malformed('too many objects');
  return parts.flatMap(([, name = '', fields = '', limit = '2000']) => {
    const object = records.objects.get(name);
    if (!object?.apis.includes('data')) throw refusal(400, 'INVALID_TYPE', `sObject type '${name}' is not supported.`);
    const wanted = fields.split(', ');
    const unknown = wanted.find((field) => !object.fields.has(field));
    if (unknown !== undefined) throw refusal(400, 'INVALID_FIELD', `No such column '${unknown}' on entity '${name}'.`);
    const found = records.all(name).filter((record) => {
      const values = (scopes[scope] ?? [...object.fields.keys()]).map((field) => record[field]);
      const texts = values
        .filter((value) => typeof value === 'string')
        .join('\n')
        .toLowerCase();
      return record['IsDeleted'] !== true && words.every((word) => texts.includes(word));
    });
    return found.slice(0, Number(limit)).map((record) => ({
      attributes: { type: name, url: `${base}/sobjects/${name}/${record.Id}` },
      ...Object.fromEntries(wanted.map((field) => [field, record[field] ?? null])),
    }));
  });
}
