import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerText, openSandbox, type ConnectorSandbox, type OpenedSandbox } from '../../../src/testing/index.ts';
import { acme } from '../connector-checks/acme-connector.ts';
import { acmeMore } from '../connector-checks/acme-more.ts';
import { startAcme } from '../connector-checks/acme-vendor.ts';

describe('an opened sandbox', () => {
  let opened: OpenedSandbox;
  beforeAll(async () => {
    opened = await openSandbox(acmeMore, await startAcme({ canary: 'secret' }));
  });
  afterAll(() => opened.close());

  it('calls the whole way, and gives the structured output', async () => {
    expect(await opened.call('acme_queue_note', { text: 'Buy milk' })).toEqual({ queued: true });
    expect(await opened.call('acme_export_notes', {})).toEqual({ notes: ['Note 1', 'Note 2', 'Note 3', 'Note 4', 'Note 5'] });
    expect(opened.sandbox.requests.at(-1)).toMatchObject({ route: 'GET /export', headers: { authorization: expect.any(String) } });
  });

  it('throws what a model reads of a call that should succeed and fails', async () => {
    await expect(opened.call('acme_queue_note', {})).rejects.toThrow(/^INVALID_INPUT: [^]*text/);
  });

  it('gives what a model reads of a call that fails, and throws where it succeeds', async () => {
    expect(await opened.failure('acme_queue_note', {})).toMatch(/^INVALID_INPUT: /);
    await expect(opened.failure('acme_queue_note', { text: 'Buy milk' })).rejects.toThrow('acme_queue_note succeeded: {"queued":true}');
  });

  it('gives the whole answer of a call, good or bad', async () => {
    const answer = await opened.answer('acme_queue_note', {});
    expect(answer.isError).toBe(true);
    expect(answerText(answer)).toMatch(/^INVALID_INPUT: /);
  });

  it('passes on the signal', async () => {
    opened.sandbox.misbehave({ kind: 'hang', match: 'GET /export' });
    const sent = opened.sandbox.requests.filter(({ route }) => route === 'GET /export').length;
    const caller = new AbortController();
    const failure = opened.failure('acme_export_notes', {}, { signal: caller.signal });
    await opened.sandbox.received('GET /export', sent + 1);
    caller.abort();
    expect(await failure).toMatch(/^CANCELLED: /);
  });

  it('brings what the webhook sends, and throws where it is refused', async () => {
    const body = JSON.stringify({ events: [{ id: 'event-1', note: 'note-1', what: 'edited' }] });
    const headers = (await opened.sandbox.sign?.(body)) ?? {};
    await expect(opened.deliver({ headers, body: `${body} ` })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await opened.deliver({ headers, body });
    expect(await opened.call('acme_list_events', {})).toEqual({ events: [{ note: 'note-1', what: 'edited' }] });
  });

  it('says that a tool cannot ask a person here', async () => {
    expect(await opened.failure('acme_publish_note', { id: 'note-1' })).toMatch(/^ASK_UNSUPPORTED: .*Publish the note\?/);
  });
});

describe('two hosts of one sandbox', () => {
  let sandbox: ConnectorSandbox;
  beforeAll(async () => {
    sandbox = await startAcme({ canary: 'secret' });
  });

  it('give the vendor the same key for the same key of a caller, and close with it', async () => {
    const hosts = [await openSandbox(acme, sandbox), await openSandbox(acme, sandbox)];
    for (const { call } of hosts) await call('acme_create_note', { text: 'Buy milk' }, { idempotencyKey: 'mine' });
    const made = sandbox.requests.filter(({ route }) => route === 'POST /notes');
    expect(made).toHaveLength(2);
    expect(new Set(made.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    await hosts[0]?.host.close();
    await hosts[1]?.close();
    await expect(fetch(sandbox.url)).rejects.toThrow('fetch failed');
  });
});
