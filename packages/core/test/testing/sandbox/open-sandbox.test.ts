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

  it('calls a tool through host and socket, and returns the structured output', async () => {
    expect(await opened.call('acme_queue_note', { text: 'Buy milk' })).toEqual({ queued: true });
    expect(await opened.call('acme_export_notes', {})).toEqual({ notes: ['Note 1', 'Note 2', 'Note 3', 'Note 4', 'Note 5'] });
    expect(opened.sandbox.requests.at(-1)).toMatchObject({ route: 'GET /export', headers: { authorization: expect.any(String) } });
  });

  it('throws the text that a model reads if a call should succeed but fails', async () => {
    await expect(opened.call('acme_queue_note', {})).rejects.toThrow(/^INVALID_INPUT: [^]*text/);
  });

  it('returns the text that a model reads of a failed call, and throws if the call succeeds', async () => {
    expect(await opened.failure('acme_queue_note', {})).toMatch(/^INVALID_INPUT: /);
    await expect(opened.failure('acme_queue_note', { text: 'Buy milk' })).rejects.toThrow('acme_queue_note succeeded: {"queued":true}');
  });

  it('returns the whole answer of a call, success or failure', async () => {
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

  it('delivers a body of the webhook, and throws if it is refused', async () => {
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

  it('send the vendor the same key for the same idempotency key, and close with the sandbox', async () => {
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
