import { afterAll, beforeAll, describe } from 'vitest';
import { itSurvivesLostAnswers } from '../../../test/lost-answers.ts';
import { salesforce } from '../src/index.ts';
import { startSalesforceSandbox, type SalesforceSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

let sandbox: SalesforceSandbox;
beforeAll(async () => {
  sandbox = await startSalesforceSandbox();
});
afterAll(() => sandbox.close());

describe('a write of Salesforce’s tools', () => {
  itSurvivesLostAnswers(salesforce, writes, () => sandbox);
});
