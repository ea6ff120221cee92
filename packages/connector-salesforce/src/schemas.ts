import { z } from 'zod';

// The parts of Salesforce's answers that the connector uses. Which fields are null or missing differs by version and permission.

const text = z.string().nullish();

/** The records that a duplicate rule found. */
const duplicates = z
  .looseObject({
    matchResults: z
      .array(z.looseObject({ matchRecords: z.array(z.looseObject({ record: z.looseObject({ Id: text }).nullish() })).nullish() }))
      .nullish(),
  })
  .nullish()
  // An error is shown even if its details have another form.
  .catch(undefined);

/** An error. The code is `statusCode` in a row of a collection and `errorCode` in a refusal. */
export const Problem = z.looseObject({
  errorCode: text,
  statusCode: text,
  message: text,
  fields: z.array(z.string()).max(1_000).nullish(),
  duplicateResult: duplicates,
  /** So misspelt by most API versions. */
  duplicateResut: duplicates,
});

/** A record as Salesforce sends it: its type and link under `attributes`, its fields at the top level. */
export const SObject = z.looseObject({ attributes: z.looseObject({ type: text, url: text }).nullish() });
export type SObject = z.output<typeof SObject>;

export const QueryAnswer = z.looseObject({
  totalSize: z.int().nullish(),
  done: z.boolean().nullish(),
  nextRecordsUrl: text,
  records: z.array(SObject),
});
export type QueryAnswer = z.output<typeof QueryAnswer>;

export const SearchAnswer = z.looseObject({ searchRecords: z.array(SObject).nullish() });

/** The answer to the creation of a record. */
export const CreatedAnswer = z.looseObject({ id: z.string() });

/** The answer to an upsert. A 204 has no body. */
export const UpsertedAnswer = z.looseObject({ id: z.string(), created: z.boolean().nullish() }).optional();

/** One row in the answer to a collection request. */
export const SavedRow = z.looseObject({
  id: text,
  success: z.boolean(),
  created: z.boolean().nullish(),
  errors: z.array(Problem).nullish(),
});
export type SavedRow = z.output<typeof SavedRow>;

export const CompositeAnswer = z.looseObject({
  compositeResponse: z.array(z.looseObject({ referenceId: text, httpStatusCode: z.number(), body: z.unknown() })),
});

/** The answer of `/limits`, by name. Some entries do not have the shape of {@link Limit}. */
export const LimitsAnswer = z.record(z.string(), z.unknown());
export const Limit = z.looseObject({ Max: z.number(), Remaining: z.number() });

export const RecordCountAnswer = z.looseObject({ sObjects: z.array(z.looseObject({ name: z.string(), count: z.int() })).nullish() });

export const VersionsAnswer = z.array(z.looseObject({ version: z.string(), label: text }));

const flag = z.boolean().nullish();

/** The summary of an object, which both the list and the description have. */
const objectSummary = {
  name: z.string(),
  label: text,
  keyPrefix: text,
  custom: flag,
  queryable: flag,
  searchable: flag,
  createable: flag,
  updateable: flag,
  deletable: flag,
};

export const ObjectsAnswer = z.looseObject({ sobjects: z.array(z.looseObject(objectSummary)) });

/** A value of a picklist. */
export const PicklistValue = z.looseObject({ value: text, label: text, active: flag });

export const Field = z.looseObject({
  name: z.string(),
  label: text,
  type: text,
  length: z.int().nullish(),
  nillable: flag,
  defaultedOnCreate: flag,
  createable: flag,
  updateable: flag,
  externalId: flag,
  unique: flag,
  calculated: flag,
  calculatedFormula: text,
  filterable: flag,
  controllerName: text,
  defaultValue: z.union([z.string(), z.number(), z.boolean()]).nullish().catch(undefined),
  inlineHelpText: text,
  referenceTo: z.array(z.string()).nullish(),
  relationshipName: text,
  picklistValues: z.array(PicklistValue).nullish(),
});
export type Field = z.output<typeof Field>;

/** A field of another object that refers to an object. Only those with a name can be queried. */
export const ChildRelationship = z.looseObject({ childSObject: text, field: text, relationshipName: text, cascadeDelete: flag });

/** A record type. The master type means none. */
export const RecordTypeInfo = z.looseObject({
  recordTypeId: text,
  name: text,
  available: flag,
  active: flag,
  master: flag,
  defaultRecordTypeMapping: flag,
});

export const DescribeAnswer = z.looseObject({
  ...objectSummary,
  fields: z.array(Field),
  childRelationships: z.array(ChildRelationship).nullish(),
  recordTypeInfos: z.array(RecordTypeInfo).nullish(),
});
