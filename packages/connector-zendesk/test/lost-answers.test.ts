import { afterAll, beforeAll, describe } from 'vitest';
import { itSurvivesLostAnswers } from '../../../test/lost-answers.ts';
import { zendesk } from '../src/index.ts';
import { startZendeskSandbox, type ZendeskSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

let sandbox: ZendeskSandbox;
beforeAll(async () => {
  sandbox = await startZendeskSandbox();
});
afterAll(() => sandbox.close());

describe('a write of Zendesk’s tools', () => {
  itSurvivesLostAnswers(zendesk, writes, () => sandbox);
});
