import { lostAnswerChecks } from '@busbar/core/testing';
import { describe, expect, test } from 'vitest';
import { zendesk } from '../src/index.ts';
import { startZendeskSandbox } from '../src/sandbox.ts';
import { writes } from './writes.ts';

const checks = lostAnswerChecks(zendesk, { writes, sandbox: () => startZendeskSandbox() });

describe('a write of Zendesk’s tools', () => {
  test.each(checks)('$name', async ({ run }) => expect(await run()).toBeUndefined());
});
