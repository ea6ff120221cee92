/**
 * The fields of Salesforce's answers that the tools leave out, and why, by the schema in Salesforce's own description and the schema in
 * `schemas.ts` that reads it.
 */
export const leftOutFields: Readonly<
  Record<'object' | 'field' | 'picklistValue' | 'child' | 'recordType', Readonly<Record<string, string>>>
> = {
  object: {
    ...because('It is about pages of Salesforce’s own interface, which no tool shows.', [
      'actionOverrides',
      'compactLayoutable',
      'feedEnabled',
      'layoutable',
      'listviewable',
      'lookupLayoutable',
      'mruEnabled',
      'namedLayoutInfos',
      'searchLayoutable',
      'supportedScopes',
      'urls',
    ]),
    ...because('It is about Apex, deployment or data replication, for which there are no tools.', [
      'activateable',
      'deepCloneable',
      'defaultImplementation',
      'extendedBy',
      'extendsInterfaces',
      'implementedBy',
      'implementsInterfaces',
      'isInterface',
      'mergeable',
      'replicateable',
      'sobjectDescribeOption',
      'triggerable',
      'undeletable',
    ]),
    ...because('The name and the fields say the same.', [
      'associateEntityType',
      'associateParentEntity',
      'customSetting',
      'deprecatedAndHidden',
      'hasSubtypes',
      'isSubtype',
      'labelPlural',
      'networkScopeFieldName',
      'retrieveable',
    ]),
  },
  field: {
    ...because('A refusal by Salesforce names the field, and the name does not help to avoid it.', [
      'aggregatable',
      'digits',
      'groupable',
      'precision',
      'restrictedPicklist',
      'scale',
      'sortable',
      'writeRequiresMasterRead',
    ]),
    ...because('The type, the name or another field that is shown says the same.', [
      'autoNumber',
      'byteLength',
      'compoundFieldName',
      'custom',
      'defaultValueFormula',
      'dependentPicklist',
      'extraTypeInfo',
      'nameField',
      'namePointing',
      'polymorphicForeignKey',
      'relationshipOrder',
      'soapType',
    ]),
    ...because('No tool works differently for it.', [
      'aiPredictionField',
      'cascadeDelete',
      'caseSensitive',
      'deprecatedAndHidden',
      'displayLocationInDecimal',
      'encrypted',
      'filteredLookupInfo',
      'formulaTreatNullNumberAsZero',
      'highScaleNumber',
      'htmlFormatted',
      'idLookup',
      'mask',
      'maskType',
      'permissionable',
      'queryByDistance',
      'referenceTargetField',
      'restrictedDelete',
      'searchPrefilterable',
    ]),
  },
  picklistValue: {
    ...because('The field has its default.', ['defaultValue']),
    ...because('It is a bitmap over the values of another field: dependsOn names that field, and a refusal names the value.', ['validFor']),
  },
  child: {
    ...because('Salesforce refuses the deletion and says so.', ['restrictedDelete']),
    ...because('No tool works differently for it.', ['deprecatedAndHidden', 'junctionIdListNames', 'junctionReferenceTo']),
  },
  recordType: {
    ...because('The id is what a record refers to.', ['developerName']),
    ...because('It is about pages of Salesforce’s own interface, which no tool shows.', ['urls']),
  },
};

function because(reason: string, fields: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, reason]));
}
