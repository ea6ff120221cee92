import { answerText } from '@busbar/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OrgRecord } from '../src/sandbox.ts';
import { route, startOrg, type Org } from './start-org.ts';

let org: Org;
let account: OrgRecord;
beforeEach(async () => {
  org = await startOrg();
  account = org.sandbox.records('Account')[0] as OrgRecord;
});
afterEach(() => org.close());

const ids = (object: string): string[] => org.sandbox.records(object).map(({ Id }) => Id);

describe('one record', () => {
  it('is read by its id, with every field that has a value and the time of its last change', async () => {
    expect(await org.call('salesforce_get_record', { object: 'Account', id: account.Id })).toEqual({
      object: 'Account',
      id: account.Id,
      url: `https://sandbox-org.my.salesforce.com/${account.Id}`,
      fields: expect.objectContaining({ Name: 'Example Bakery', Industry: 'Retail' }),
      modifiedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
    });
  });

  it('is read by an id of 15 characters, with the requested fields, even empty ones', async () => {
    const { id, fields } = await org.call('salesforce_get_record', {
      object: 'Account',
      id: account.Id.slice(0, 15),
      fields: ['Rating', 'Owner.Name'],
    });
    expect(fields).toEqual({ Rating: null, Owner: { Name: 'Ada Example' } });
    expect(id).toBe(account.Id);
  });

  it('is read by an external id, and has its record id', async () => {
    const by = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-1' };
    expect(await org.call('salesforce_get_record', { ...by, fields: ['Name'] })).toMatchObject({
      id: account.Id,
      fields: { Name: 'Example Bakery' },
    });
    expect(await org.failure('salesforce_get_record', { ...by, externalId: '../../limits' })).toMatch(/^INVALID_INPUT: \w+ is not valid/);
  });

  it.each([
    [{}],
    [{ id: '001000000000001', externalIdField: 'Erp_Id__c', externalId: 'E-1' }],
    [{ externalIdField: 'Erp_Id__c' }],
    [{ id: '001000000000001', externalIdField: 'Erp_Id__c' }],
  ])('is not read by %j', async (by) => {
    expect(await org.failure('salesforce_get_record', { object: 'Account', ...by })).toMatch(/^INVALID_INPUT: Give id, or externalIdField/);
  });

  it('is created', async () => {
    const { id, object } = await org.call('salesforce_create_record', { object: 'Account', fields: { Name: 'New', Industry: 'Banking' } });
    expect(object).toBe('Account');
    expect(org.sandbox.records('Account').find(({ Id }) => Id === id)).toMatchObject({ Name: 'New', Industry: 'Banking' });
  });

  it.each([
    [
      'a required field is missing',
      { Industry: 'Banking' },
      'REQUIRED_FIELD_MISSING: Required fields are missing: [Name] (Name). Give the fields',
    ],
    ['there is no such field', { Name: 'A', Colour: 'red' }, 'INVALID_FIELD: No such column'],
    ['a field is read-only', { Name: 'A', CreatedDate: '2026-01-01' }, 'Leave out the fields that cannot be written'],
    ['a value is not in the picklist', { Name: 'A', Industry: 'Magic' }, 'bad value for restricted picklist field: Magic'],
  ])('is not created if %s', async (_, fields, message) => {
    const failure = await org.failure('salesforce_create_record', { object: 'Account', fields });
    expect(failure).toMatch(/^UPSTREAM_REJECTED: /);
    expect(failure).toContain(message);
    expect(ids('Account')).toHaveLength(4);
  });

  it('is not created with the unique value of another record', async () => {
    expect(await org.failure('salesforce_create_record', { object: 'Account', fields: { Name: 'A', Erp_Id__c: 'E-1' } })).toMatch(
      /^CONFLICT: .*DUPLICATE_VALUE/,
    );
  });

  it('is changed, and emptied by null', async () => {
    await org.call('salesforce_update_record', { object: 'Account', id: account.Id, fields: { Rating: 'Hot', BillingCity: null } });
    expect(account).toMatchObject({ Rating: 'Hot', BillingCity: null, Name: 'Example Bakery' });
  });

  it('is changed only if it has not changed since it was read', async () => {
    const { modifiedAt } = await org.call('salesforce_get_record', { object: 'Account', id: account.Id });
    const change = (Rating: string, ifUnmodifiedSince: string) => ({
      object: 'Account',
      id: account.Id,
      fields: { Rating },
      ifUnmodifiedSince,
    });
    await org.call('salesforce_update_record', change('Warm', modifiedAt));
    expect(await org.failure('salesforce_update_record', change('Cold', '2020-01-01T00:00:00Z'))).toMatch(/^CONFLICT: .*Read it again/);
    expect(account['Rating']).toBe('Warm');
  });

  it('is changed since a time in Salesforce’s own form, but not since a time without a zone', async () => {
    const change = { object: 'Account', id: account.Id, fields: { Rating: 'Warm' } };
    const since = account['LastModifiedDate'] as string;
    expect(since).toMatch(/\+0000$/);
    await org.call('salesforce_update_record', { ...change, ifUnmodifiedSince: since });
    expect(org.sent().at(-1)?.headers['if-unmodified-since']).toBe(new Date(since.replace('+0000', 'Z')).toUTCString());
    expect(await org.failure('salesforce_update_record', { ...change, ifUnmodifiedSince: '2026-03-01T09:30:00' })).toMatch(
      /^INVALID_INPUT: [^]*ifUnmodifiedSince: The time has no zone/,
    );
  });

  it('is written back as it was read: attributes, its own id and its own external id are left out', async () => {
    const attributes = { type: 'Account', url: '/services/data/v64.0/sobjects/Account/x' };
    const fields = { attributes, Id: account.Id, Rating: 'Hot' };
    await org.call('salesforce_update_record', { object: 'Account', id: account.Id.slice(0, 15), fields });
    await org.call('salesforce_update_records', { records: [{ object: 'Account', id: account.Id, fields }] });
    const upsert = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'E-1' };
    await org.call('salesforce_upsert_record', { ...upsert, fields: { attributes, Erp_Id__c: 'E-1', Rating: 'Hot' } });
    const records = [{ attributes, Erp_Id__c: 'E-1', Rating: 'Hot' }];
    await org.call('salesforce_upsert_records', { object: 'Account', externalIdField: 'Erp_Id__c', records });
    await org.call('salesforce_create_record', { object: 'Account', fields: { attributes, Name: 'Copy' } });
    expect(org.sent().map(({ body }) => body)).toEqual([
      { Rating: 'Hot' },
      { allOrNone: false, records: [{ attributes: { type: 'Account' }, Rating: 'Hot', id: account.Id }] },
      { Rating: 'Hot' },
      { allOrNone: false, records: [{ attributes: { type: 'Account' }, Erp_Id__c: 'E-1', Rating: 'Hot' }] },
      { Name: 'Copy' },
    ]);
  });

  it.each<[string, string, object, string]>([
    ['another id', 'salesforce_update_record', { Id: '001000000000099', Rating: 'Hot' }, 'fields: Id is not 001'],
    ['attributes of another object', 'salesforce_create_record', { attributes: { type: 'Lead' }, Name: 'A' }, 'attributes names another'],
    ['an id in a new record', 'salesforce_create_record', { Id: '001000000000001', Name: 'A' }, 'leave Id out: Salesforce gives'],
    ['a name twice', 'salesforce_create_record', { Name: 'A', name: 'B' }, 'name is there twice'],
    ['nothing but attributes', 'salesforce_create_record', { attributes: { type: 'Account' } }, 'give at least one field'],
    ['another external id', 'salesforce_upsert_record', { erp_id__c: 'E-2' }, 'leave erp_id__c out'],
    ['an id beside an external id', 'salesforce_upsert_record', { Id: '001000000000001' }, 'leave Id out: the external id'],
  ])('is not written with %s', async (_, tool, fields, message) => {
    const by =
      tool === 'salesforce_update_record'
        ? { id: account.Id }
        : tool === 'salesforce_upsert_record'
          ? { externalIdField: 'Erp_Id__c', externalId: 'E-1' }
          : {};
    const failure = await org.failure(tool, { object: 'Account', ...by, fields });
    expect(failure).toMatch(/^INVALID_INPUT: fields: .*Nothing was sent/);
    expect(failure).toContain(message);
    expect(org.sandbox.requests).toEqual([]);
  });

  it('is found by an external id that is a number, as answers show it', async () => {
    const by = { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 42 };
    await org.call('salesforce_upsert_record', { ...by, fields: { Erp_Id__c: 42, Name: 'Forty-two' } });
    expect(await org.call('salesforce_get_record', { ...by, fields: ['Name'] })).toMatchObject({ fields: { Name: 'Forty-two' } });
    expect(org.sent().map(({ path }) => path.split('/').at(-1))).toEqual(['42', '42']);
  });

  it('is created by an upsert, and changed by the next', async () => {
    const upsert = (Name: string) =>
      org.call('salesforce_upsert_record', { object: 'Account', externalIdField: 'Erp_Id__c', externalId: 'a/b?c', fields: { Name } });
    const first = await upsert('One');
    const second = await upsert('Two');
    expect([first['created'], second['created'], first['id'] === second['id']]).toEqual([true, false, true]);
    expect(org.sandbox.records('Account').at(-1)).toMatchObject({ Name: 'Two', Erp_Id__c: 'a/b?c' });
  });

  it('is not upserted if several records have the external id, and the error names them', async () => {
    const failure = await org.failure('salesforce_upsert_record', {
      object: 'Account',
      externalIdField: 'Region__c',
      externalId: 'North',
      fields: { Rating: 'Hot' },
    });
    expect(failure).toMatch(/^CONFLICT: More than one record has this external id, so nothing was written: /);
    for (const id of ids('Account').slice(2)) expect(failure).toContain(id);
  });

  it('is upserted even if Salesforce returns no body', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 204, body: '', match: route('PATCH', '/sobjects/{object}/{field}/{value}') });
    expect(
      await org.call('salesforce_upsert_record', {
        object: 'Account',
        externalIdField: 'Erp_Id__c',
        externalId: 'E-1',
        fields: { Rating: 'Hot' },
      }),
    ).toEqual({ object: 'Account' });
  });

  it('is deleted, and not found afterwards', async () => {
    const input = { object: 'Account', id: account.Id };
    expect(await org.call('salesforce_delete_record', input)).toEqual(input);
    expect(account['IsDeleted']).toBe(true);
    expect(await org.failure('salesforce_get_record', input)).toMatch(/^NOT_FOUND: .*ENTITY_IS_DELETED/);
  });

  it.each([['Account/../User'], ['Account?x'], ['1Account'], ['']])('cannot be of an object named %j', async (object) => {
    expect(await org.failure('salesforce_delete_record', { object, id: account.Id })).toMatch(/^INVALID_INPUT/);
    expect(org.sandbox.requests).toEqual([]);
  });
});

describe('the contents of a file or a note', () => {
  const note = { object: 'ContentNote', id: '069000000000001AAA' };
  const Content = `/services/data/v60.0/sobjects/ContentNote/${note.id}/Content`;

  it('are shown as a path, with a warning that no tool reads them', async () => {
    const record = { attributes: { type: 'ContentNote' }, Id: note.id, Title: 'Call', Content };
    org.sandbox.misbehave({ kind: 'status', status: 200, match: route('GET', '/sobjects/{object}/{id}'), body: record });
    org.sandbox.misbehave({ kind: 'status', status: 200, match: route('GET', '/query'), body: { done: true, records: [record, record] } });
    for (const [tool, args] of [
      ['salesforce_get_record', note],
      ['salesforce_query_records', { soql: 'SELECT Id, Title, Content FROM ContentNote' }],
    ] as const) {
      const { content, isError } = await org.answer(tool, args);
      expect([isError ?? false, ...content.slice(1)]).toEqual([
        false,
        { type: 'text', text: 'Warning: Of the contents of Content, Salesforce shows only the path, which no tool reads.' },
      ]);
    }
  });

  it('are not written as the path that was read in their place', async () => {
    const why = /^INVALID_INPUT: .*Content is a path, as it was read, and no content\. Leave it out, or give the content in base64/;
    expect(await org.failure('salesforce_update_record', { ...note, fields: { Title: 'Call', Content } })).toMatch(why);
    const records = [{ ...note, fields: { Content } }];
    expect(await org.failure('salesforce_update_records', { records })).toContain('records.0.fields: Content is a path, as it was read');
    expect(org.sent()).toEqual([]);
  });

  it('are described as written in base64', async () => {
    const fields = [{ name: 'Content', type: 'base64', nillable: true, createable: true, updateable: true }];
    org.sandbox.misbehave({
      kind: 'status',
      status: 200,
      match: route('GET', '/sobjects/{object}/describe'),
      body: { name: 'ContentNote', fields },
    });
    expect(await org.call('salesforce_describe_object', { object: 'ContentNote' })).toMatchObject({
      fields: [{ name: 'Content', type: 'base64', is: 'written in base64, and read by no tool' }],
    });
  });
});

it.each(['salesforce_get_record', 'salesforce_upsert_record', 'salesforce_upsert_records'])(
  'Id as the external id field of %s is answered with the tools that take ids',
  async (tool) => {
    const rest = tool === 'salesforce_upsert_records' ? { records: [{ Name: 'A' }] } : { externalId: 'x', fields: { Name: 'A' } };
    const args = { object: 'Account', externalIdField: 'Id', ...rest, ...(tool === 'salesforce_get_record' && { fields: ['Name'] }) };
    expect(await org.failure(tool, args)).toMatch(
      /salesforce_get_record and salesforce_update_record take it as id, and salesforce_create_record/,
    );
    expect(org.sent()).toEqual([]);
  },
);

describe('up to 200 records', () => {
  const row = (Name: string | undefined) => ({ object: 'Account', fields: { Name: Name ?? null } });

  it('are created, with an outcome for each row', async () => {
    const answer = await org.answer('salesforce_create_records', { records: [row('A'), row(undefined), row('C')] });
    expect(answer.structuredContent).toEqual({
      succeeded: 2,
      failed: 1,
      rows: [
        { index: 0, ok: true, id: ids('Account')[4] },
        { index: 1, ok: false, errors: ['REQUIRED_FIELD_MISSING: Required fields are missing: [Name] (Name)'] },
        { index: 2, ok: true, id: ids('Account')[5] },
      ],
    });
    expect(answerText(answer)).toContain('Warning: 1 of 3 rows were not written. Correct and repeat these rows alone.');
  });

  it('are all undone if one fails and allOrNone is set', async () => {
    const { succeeded, rows } = await org.call('salesforce_create_records', { records: [row('A'), row(undefined)], allOrNone: true });
    expect(succeeded).toBe(0);
    expect(rows[0].errors[0]).toContain('ALL_OR_NONE_OPERATION_ROLLED_BACK');
    expect(await org.call('salesforce_query_records', { soql: 'SELECT Id FROM Account' })).toMatchObject({ total: 4 });
  });

  it('are to be repeated as they are if another change locked them, and all of them if allOrNone undid them', async () => {
    const errors = (statusCode: string) => [{ statusCode, message: 'because', fields: [] }];
    const answerWith = async (body: object[], allOrNone: boolean) => {
      org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('POST', '/composite/sobjects') });
      return answerText(await org.answer('salesforce_create_records', { records: [row('A'), row('B')], allOrNone }));
    };
    const ok = { id: '001000000000001AAA', success: true, errors: [] };
    expect(await answerWith([ok, { success: false, errors: errors('UNABLE_TO_LOCK_ROW') }], false)).toContain(
      'Another change held 1 of them for a moment: repeat these as they are.',
    );
    const undone = { success: false, errors: errors('ALL_OR_NONE_OPERATION_ROLLED_BACK') };
    expect(await answerWith([undone, { success: false, errors: errors('REQUIRED_FIELD_MISSING') }], true)).toContain(
      'One row that fails undoes all: correct the rows at fault and repeat all.',
    );
  });

  it('are changed, upserted and deleted', async () => {
    await org.call('salesforce_update_records', { records: [{ object: 'Account', id: account.Id, fields: { Rating: 'Hot' } }] });
    expect(account['Rating']).toBe('Hot');
    const records = [
      { Erp_Id__c: 'E-1', Rating: 'Cold' },
      { Erp_Id__c: 'E-7', Name: 'Seven' },
    ];
    const { rows } = await org.call('salesforce_upsert_records', { object: 'Account', externalIdField: 'Erp_Id__c', records });
    expect(rows.map(({ created }: { created: boolean }) => created)).toEqual([false, true]);
    await org.call('salesforce_delete_records', { ids: [account.Id, rows[1].id] });
    expect(org.sandbox.records('Account').filter((record) => record['IsDeleted'])).toHaveLength(2);
  });

  it.each([
    ['salesforce_create_records', { records: Array.from({ length: 201 }, () => row('A')) }],
    ['salesforce_delete_records', { ids: Array.from({ length: 201 }, () => '001000000000001') }],
  ])('cannot be 201: %s sends nothing', async (tool, input) => {
    expect(await org.failure(tool, input)).toMatch(/^INVALID_INPUT/);
    expect(org.sandbox.requests).toEqual([]);
  });

  it('are sent in one request, even 200', async () => {
    const { succeeded } = await org.call('salesforce_create_records', { records: Array.from({ length: 200 }, () => row('A')) });
    expect([succeeded, org.sent().length]).toEqual([200, 1]);
  });

  it.each([
    ['no external id', { Name: 'A' }],
    ['a null external id, with which each repetition would create another record', { Erp_Id__c: null, Name: 'A' }],
    ['an empty external id', { Erp_Id__c: '', Name: 'A' }],
  ])('are not upserted if one has %s', async (_, row) => {
    const input = { object: 'Account', externalIdField: 'Erp_Id__c', records: [{ Erp_Id__c: '1' }, row] };
    expect(await org.failure('salesforce_upsert_records', input)).toBe('INVALID_INPUT: Row 1 has no Erp_Id__c, so nothing was sent.');
    expect(org.sandbox.requests).toEqual([]);
  });

  it('are not reported as written if Salesforce answers for fewer rows', async () => {
    org.sandbox.misbehave({ kind: 'status', status: 200, body: [], match: route('POST', '/composite/sobjects') });
    expect(await org.failure('salesforce_create_records', { records: [row('A')] })).toMatch(
      /^UPSTREAM_INVALID: .*0 of 1 rows.*read the records/,
    );
  });
});

describe('the objects of the org', () => {
  it('are listed by part of a name, page by page', async () => {
    const first = await org.call('salesforce_list_objects', { search: 'apex', limit: 3 });
    expect(first).toMatchObject({ total: 4, objects: [{ name: 'ApexClass', can: 'query' }, { name: 'ApexLog' }, { name: 'ApexTrigger' }] });
    const second = await org.call('salesforce_list_objects', { search: 'apex', limit: 3, cursor: first['nextCursor'] });
    expect(second['objects'].map(({ name }: { name: string }) => name)).toEqual(['AsyncApexJob']);
    expect(second).not.toHaveProperty('nextCursor');
  });

  it('are described in short: required and read-only fields, external ids, picklists, references', async () => {
    const { fields, totalFields, can } = await org.call('salesforce_describe_object', { object: 'Account' });
    const field = (name: string) => fields.find((candidate: { name: string }) => candidate.name === name);
    expect([totalFields, can]).toEqual([19, 'query, search, create, update, delete']);
    expect(field('Description').is).toBe('not filterable');
    expect(field('Name')).toEqual({ name: 'Name', label: 'Name', type: 'string', is: 'required' });
    expect(field('Erp_Id__c').is).toBe('unique, external id');
    expect(field('CreatedDate').is).toBe('read-only');
    expect(field('Industry').values).toEqual(['Banking', 'Manufacturing', 'Retail']);
    expect(field('OwnerId')).toMatchObject({ refersTo: ['User'], relationship: 'Owner' });
  });

  it('are described with what people see for picklist values, where that is not the value', async () => {
    const picklistValues = [
      { value: '1', label: 'Hot', active: true },
      { value: 'Cold', label: 'Cold', active: true },
      { value: '9', label: 'Old', active: false },
    ];
    const body = { name: 'Lead', fields: [{ name: 'Rating', type: 'picklist', picklistValues }] };
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('GET', '/sobjects/{object}/describe') });
    const { fields } = await org.call('salesforce_describe_object', { object: 'Lead', detail: 'full' });
    expect(fields[0]).toMatchObject({ values: ['1', 'Cold'], labels: { '1': 'Hot' } });
  });

  it('are described with the names of their child relationships, and with a warning if there are more', async () => {
    const input = { object: 'Account', detail: 'full' };
    const { children } = await org.call('salesforce_describe_object', input);
    expect(children).toEqual([
      { object: 'Contact', field: 'AccountId', relationship: 'Contacts' },
      { object: 'Opportunity', field: 'AccountId', relationship: 'Opportunities' },
      { object: 'Case', field: 'AccountId', relationship: 'Cases' },
    ]);
    const body = {
      name: 'Lead',
      fields: [],
      childRelationships: Array(201).fill({ childSObject: 'A', field: 'B', relationshipName: 'C' }),
    };
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('GET', '/sobjects/{object}/describe') });
    expect(answerText(await org.answer('salesforce_describe_object', { ...input, object: 'Lead' }))).toContain(
      'Only 200 of 201 child relationships are shown.',
    );
  });

  it('are described in full with defaults, formulas, controlling fields, record types and what is deleted with a record', async () => {
    const body = {
      name: 'Lead',
      fields: [
        {
          name: 'State',
          type: 'picklist',
          controllerName: 'Country',
          defaultValue: false,
          calculatedFormula: 'x'.repeat(501),
          filterable: false,
        },
      ],
      childRelationships: [{ childSObject: 'Task', field: 'WhoId', relationshipName: 'Tasks', cascadeDelete: true }],
      recordTypeInfos: [
        { recordTypeId: '012000000000000AAA', name: 'Master', master: true, active: true, available: true },
        {
          recordTypeId: '012000000000001AAA',
          name: 'Partner',
          master: false,
          active: true,
          available: true,
          defaultRecordTypeMapping: true,
        },
        { recordTypeId: '012000000000002AAA', name: 'Hidden', master: false, active: true, available: false },
      ],
    };
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('GET', '/sobjects/{object}/describe') });
    expect(await org.call('salesforce_describe_object', { object: 'Lead', detail: 'full' })).toEqual({
      name: 'Lead',
      can: 'nothing',
      fields: [
        {
          name: 'State',
          type: 'picklist',
          is: 'read-only, not filterable',
          dependsOn: 'Country',
          default: 'false',
          formula: `${'x'.repeat(500)}… [1 more characters]`,
        },
      ],
      totalFields: 1,
      children: [{ object: 'Task', field: 'WhoId', relationship: 'Tasks', cascade: true }],
      recordTypes: [{ id: '012000000000001AAA', name: 'Partner', default: true }],
    });
  });

  it('are described page by page, with writable fields only', async () => {
    const input = { object: 'Account', writableOnly: true, limit: 6 };
    const first = await org.call('salesforce_describe_object', input);
    const second = await org.call('salesforce_describe_object', { ...input, cursor: first['nextCursor'] });
    const names = [...first['fields'], ...second['fields']].map(({ name }: { name: string }) => name);
    expect(new Set(names).size).toBe(first['totalFields']);
    expect(names).not.toContain('CreatedDate');
  });

  it('are requested once in five minutes', async () => {
    await org.call('salesforce_describe_object', { object: 'Account' });
    await org.call('salesforce_describe_object', { object: 'Account' });
    expect(org.sent(route('GET', '/sobjects/{object}/describe'))).toHaveLength(1);
  });
});

describe('the org', () => {
  it('has limits: the important and the tight limits by default, all limits on request', async () => {
    org.sandbox.setLimit('ActiveScratchOrgs', 40, 4);
    const { limits, total } = await org.call('salesforce_get_limits', {});
    expect(limits[0]).toEqual({ name: 'ActiveScratchOrgs', used: 36, max: 40, usedPercent: 90 });
    expect(limits.map(({ name }: { name: string }) => name)).toContain('DailyApiRequests');
    // The tool leaves out a limit that the org does not have.
    expect((await org.call('salesforce_get_limits', { detail: 'full' }))['limits']).toHaveLength(total);
    expect(await org.failure('salesforce_get_limits', { names: ['DataStorageMB'], detail: 'full' })).toMatch(
      /^INVALID_INPUT: Give names or detail/,
    );
    const named = await org.answer('salesforce_get_limits', { names: ['DataStorageMB', 'Nonsense'] });
    expect(named.structuredContent).toMatchObject({ limits: [{ name: 'DataStorageMB', max: 1_024 }] });
    expect(answerText(named)).toContain('no limit named Nonsense');
  });

  it('has limits whose parts are limits too', async () => {
    const body = {
      PermissionSets: { Max: 1_500, Remaining: 1_491, CreateCustom: { Max: 1_000, Remaining: 991 } },
      Odd: 'x',
      None: { Max: 0, Remaining: 0 },
    };
    org.sandbox.misbehave({ kind: 'status', status: 200, body, match: route('GET', '/limits') });
    expect(await org.call('salesforce_get_limits', { detail: 'full' })).toEqual({
      limits: [
        { name: 'PermissionSets.CreateCustom', used: 9, max: 1_000, usedPercent: 0.9 },
        { name: 'PermissionSets', used: 9, max: 1_500, usedPercent: 0.6 },
      ],
      total: 2,
    });
  });

  it('has a trial whose end is in ISO form', async () => {
    org.sandbox.change(org.sandbox.records('Organization')[0] as OrgRecord, { TrialExpirationDate: '2026-06-01T00:00:00.000+0000' });
    expect(await org.call('salesforce_get_org', {})).toMatchObject({ trialEndsAt: '2026-06-01T00:00:00.000Z' });
  });

  it('has a name, an edition and a list of API versions', async () => {
    expect(await org.call('salesforce_get_org', {})).toMatchObject({
      name: 'Example Org',
      edition: 'Enterprise Edition',
      sandbox: true,
      host: 'sandbox-org.my.salesforce.com',
      apiVersion: 'v64.0',
      apiVersions: ['v61.0', 'v62.0', 'v63.0', 'v64.0', 'v65.0'],
    });
  });
});
