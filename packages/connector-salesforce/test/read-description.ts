import { readVendorData } from '../../../test/vendor-descriptions/vendor-data.ts';

type Json = Record<string, any>;

/**
 * Joins Salesforce's two descriptions: the REST resources, in which a record is a placeholder ("field API name"), and the standard objects
 * with their fields, which replace the placeholder.
 */
export function readDescription(): Json {
  const platform = readVendorData<Json>('openapi/salesforce-platform-v64.json');
  const sobjects = readVendorData<Json>('openapi/salesforce-sobjects-v59.json');
  const version = { name: 'version', in: 'path', required: true, schema: { type: 'string', pattern: '^v64\\.0$' } };
  for (const [path, item] of Object.entries(sobjects['paths'] as Json))
    platform['paths'][`/services/data/{version}${path}`] = { ...item, parameters: [version] };
  Object.assign(platform['components'].schemas, sobjects['components'].schemas);
  /**
   * The schema of a row in a collection, by the object that the row names. A row may have a custom field, which no description can contain.
   */
  const record = (...required: string[]) => ({
    anyOf: ['Account', 'Contact'].map((object) => ({
      allOf: [
        { $ref: `#/components/schemas/${object}SObject` },
        {
          type: 'object',
          required: ['attributes', ...required],
          properties: {
            attributes: { type: 'object', required: ['type'], properties: { type: { const: object } } },
            id: { type: 'string', pattern: '^[A-Za-z0-9]{15,18}$' },
            Erp_Id__c: { type: 'string' },
          },
        },
      ],
    })),
  });
  // Only writes have a body: the recorded composite with a GET has none.
  const part = platform['components'].schemas.CompositeRequest1 as Json;
  part['required'] = part['required'].filter((name: string) => name !== 'body');
  // Three operations have paths of the same form, and the connector does not send these two.
  for (const other of ['{RECORD_ID}/{BLOB_FIELD}', '{RECORD_ID}/{RELATIONSHIP_FIELD_NAME}'])
    delete platform['paths'][`/services/data/{version}/sobjects/{SOBJECT_API_NAME}/${other}`];
  // It describes only the web server flow, whose code a person brings. The connector's flows are listed as undescribed.
  delete platform['paths']['/services/oauth2/token'];
  Object.assign(platform['components'].schemas, { Record5: record(), Record6: record('id'), Record7: record() });
  return platform;
}
