import { describe, expect, it } from 'vitest';
import { fieldsOfSchema, readVendorData, vendorDataIsHere } from '../../../test/vendor-descriptions/vendor-data.ts';
import { Attachment, Comment, JobStatus, Organization, Ticket, TicketField, TicketFieldOption, User } from '../src/schemas.ts';
import { leftOutFields } from './left-out-fields.ts';

/** What is read of each schema in Zendesk's description. */
const read = {
  ticket: [Ticket, 'TicketObject'],
  comment: [Comment, 'TicketCommentObject'],
  attachment: [Attachment, 'AttachmentObject'],
  user: [User, 'UserObject'],
  organization: [Organization, 'OrganizationObject'],
  ticketField: [TicketField, 'TicketFieldObject'],
  option: [TicketFieldOption, 'CustomFieldOptionObject'],
  job: [JobStatus, 'JobStatusObject'],
} as const;

describe.skipIf(!vendorDataIsHere)('the fields in Zendesk’s own description', () => {
  it.each(Object.entries(read))('of a %s are either shown or left out for a reason', (kind, [schema, described]) => {
    const leftOut = leftOutFields[kind as keyof typeof read];
    const decided = [...Object.keys(schema.shape), ...Object.keys(leftOut)];
    expect(decided.toSorted()).toEqual(fieldsOfSchema(readVendorData('openapi/zendesk-support.json'), described));
    for (const reason of Object.values(leftOut)) expect(reason).toMatch(/^\S.+\.$/);
  });
});
