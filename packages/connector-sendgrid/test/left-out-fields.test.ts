import { describe, expect, it } from 'vitest';
import { fieldsOfSchema, readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { MailEvent, readEvents } from '../src/events.ts';
import { Suppression, TemplateAnswer, TemplateVersion } from '../src/schemas.ts';
import { leftOutFields, leftOutOfEvents } from './left-out-fields.ts';

/** What is read of each schema in SendGrid's description, which has several for the same kind of record. */
const read = {
  template: [TemplateAnswer, ['templates.TransactionalTemplate', 'templates.TransactionalTemplatesTemplateLean']],
  version: [TemplateVersion, ['templates.TransactionalTemplateVersionOutput', 'templates.TransactionalTemplatesVersionOutputLean']],
  suppression: [
    Suppression,
    ['suppressions.BounceResponse', 'suppressions.BlocksResponse', 'suppressions.InvalidEmail', 'suppressions.SpamReportsResponse'],
  ],
} as const;

describe.skipIf(!vendorDataIsHere)('the fields in SendGrid’s own description', () => {
  it.each(Object.entries(read))('of a %s are either shown or left out for a reason', (kind, [schema, described]) => {
    const leftOut = leftOutFields[kind as keyof typeof read];
    const decided = [...Object.keys(schema.shape), ...Object.keys(leftOut)];
    const fields = described.flatMap((name) => fieldsOfSchema(readVendorData('openapi/sendgrid-v3.json'), name));
    expect(decided.toSorted()).toEqual([...new Set(fields)].toSorted());
    for (const reason of Object.values(leftOut)) expect(reason).toMatch(/^\S.+\.$/);
  });
});

it('an event in the log has no field that is left out for a reason', () => {
  const event = {
    sg_event_id: 'e1',
    event: 'open',
    timestamp: 1,
    ...Object.fromEntries(Object.keys(leftOutOfEvents).map((name) => [name, 'x'])),
  };
  expect(MailEvent.parse(readEvents([event])[0]?.value)).toEqual({ event: 'open', timestamp: 1 });
});
