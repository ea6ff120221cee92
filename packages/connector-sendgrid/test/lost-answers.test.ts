import { lostAnswerChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { sendgrid } from '../src/index.ts';
import { startSendGridSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

const checks = lostAnswerChecks(sendgrid, { writes, sandbox: () => startSendGridSandbox() });

describe('a write of SendGrid’s tools', () => {
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
});
