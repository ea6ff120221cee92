import { afterAll, beforeAll, describe } from 'vitest';
import { itSurvivesLostAnswers } from '../../../test/lost-answers.ts';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox, type SendGridSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

let sandbox: SendGridSandbox;
beforeAll(async () => {
  sandbox = await startSendGridSandbox();
});
afterAll(() => sandbox.close());

describe('a write of SendGrid’s tools', () => {
  itSurvivesLostAnswers(sendgrid, writes, () => sandbox);
});
