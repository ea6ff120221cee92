import type { Ajv, ValidateFunction } from 'ajv';

export type { ValidateFunction };

/** Two JSON Schema validators. Bodies are judged as they are. Parameters are text on the wire, so they are first coerced to their type. */
export interface SchemaValidators {
  readonly bodies: Ajv;
  readonly parameters: Ajv;
}

/**
 * Loads ajv, and creates the validators with the usual formats.
 *
 * @throws {Error} if ajv or ajv-formats is not installed: only tests that judge requests need them.
 */
export async function createSchemaValidators(): Promise<SchemaValidators> {
  const [{ Ajv }, { default: formats }] = await Promise.all([import('ajv'), import('ajv-formats')]).catch((cause: unknown) => {
    throw new Error('To judge requests by an OpenAPI description: npm install --save-dev ajv ajv-formats', { cause });
  });
  return {
    bodies: formats.default(new Ajv({ strict: false, allErrors: true, validateSchema: false })),
    parameters: formats.default(new Ajv({ strict: false, coerceTypes: true, validateSchema: false })),
  };
}
