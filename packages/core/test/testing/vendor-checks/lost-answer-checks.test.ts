import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ToolError, type Connector, type Context } from '../../../src/index.ts';
import { lostAnswerChecks, type VendorWrite } from '../../../src/testing/index.ts';
import { acmeWith, withClient, type AcmeConnector } from '../connector-checks/acme-connector.ts';
import { startAcme } from '../connector-checks/acme-vendor.ts';

const ifLost = 'List the notes with acme_list_notes and look for it.';
const create: VendorWrite = {
  tool: 'acme_create_note',
  route: 'POST /notes',
  retry: 'keyed',
  ifLost,
  input: () => ({ text: 'Buy milk' }),
};
const edit: VendorWrite = {
  tool: 'acme_edit_note',
  route: 'PUT /notes/{id}',
  retry: 'never',
  ifLost,
  input: () => ({ id: 'note-2', text: 'Buy bread' }),
};

const Id = z.looseObject({ id: z.string() });
const creating = acmeWith(['create_note']);
const editing = acmeWith(['edit_note']);
const checksOf = (connector: Connector, ...writes: readonly VendorWrite[]) =>
  lostAnswerChecks(connector, { writes, sandbox: () => startAcme({ canary: 'secret' }) });

/** The names of the checks that a connector fails. */
async function failedChecks(connector: Connector, ...writes: readonly VendorWrite[]): Promise<string[]> {
  const outcomes = checksOf(connector, ...writes).map(({ name, run }) =>
    run().then(
      () => [],
      () => [name],
    ),
  );
  return (await Promise.all(outcomes)).flat();
}

const isLost = (error: unknown): boolean => ToolError.is(error) && error.code === 'OUTCOME_UNKNOWN';

/** The connector, which runs `recover` if the outcome of an edit is unknown. */
const editingThen = (recover: (edit: () => Promise<{ id: string }>) => Promise<{ id: string }>): AcmeConnector =>
  withClient(editing, (client) => ({
    edit: (context: Context, id: string, text: string) =>
      client.edit(context, id, text).catch((error: unknown) => {
        if (isLost(error)) return recover(() => client.edit(context, id, text));
        throw error;
      }),
  }));

/** The connector, whose creation has these headers, or makes more than one request. */
const creatingWith = (headers: (context: Context) => Record<string, string>, attempts = 1): AcmeConnector =>
  withClient(creating, (client, http) => ({
    async create(context: Context, text: string) {
      for (let attempt = 1; ; attempt += 1) {
        try {
          const request = { method: 'POST', path: '/notes', body: { json: { text } }, retry: 'keyed', ifLost } as const;
          const { id } = (await http.request({ ...request, headers: headers(context), response: Id }, context)).data;
          return await client.get(context, id);
        } catch (error) {
          if (attempt >= attempts) throw error;
        }
      }
    },
  }));

let keys = 0;

describe('lostAnswerChecks', () => {
  const good = checksOf(acmeWith(['create_note', 'edit_note']), create, edit);

  test.each(good)('pass for a connector that repeats only what its vendor counts once: $name', async ({ run }) => {
    expect(await run()).toBeUndefined();
  });

  test('lose each answer in four ways', () => {
    const names = good.map(({ name }) => name);
    expect(names.filter((name) => name.startsWith('acme_edit_note is sent once if its answer is lost by'))).toHaveLength(4);
    expect(names.filter((name) => name.startsWith('acme_create_note is sent twice if its answer is lost by'))).toHaveLength(4);
    expect(names.filter((name) => name.startsWith('acme_create_note has an unknown outcome if all'))).toHaveLength(4);
  });

  test.each<[fault: string, connector: Connector, writes: readonly VendorWrite[], finds: string]>([
    ['has a writing tool without a row', acmeWith(['create_note', 'edit_note']), [create], 'has a row for each tool that writes'],
    ['has a row for a tool that only reads', acmeWith(['get_note']), [{ ...edit, tool: 'acme_get_note' }], 'has a row for each tool'],
    [
      'writes twice in a call',
      withClient(editing, (client) => ({
        async edit(context, id, text) {
          await client.edit(context, id, text);
          return await client.edit(context, id, text);
        },
      })),
      [edit],
      'acme_edit_note makes one write, to PUT /notes/{id}',
    ],
    ['repeats a write that its vendor counts twice', editingThen((again) => again()), [edit], 'acme_edit_note is sent once'],
    ['reports success for a lost answer', editingThen(async () => ({ id: 'note-2' })), [edit], 'its outcome is unknown'],
    ['does not say how to find out', editing, [{ ...edit, ifLost: 'Ask Ada.' }], 'its outcome is unknown'],
    ['does not repeat a write that it declares safe', editing, [{ ...edit, retry: 'safe' }], 'acme_edit_note is sent twice'],
    ['has no key for a keyed write', creatingWith(() => ({})), [create], 'acme_create_note is sent twice'],
    [
      'takes its keys from elsewhere than context.key()',
      creatingWith(() => ({ 'idempotency-key': 'always' })),
      [create],
      'acme_create_note is sent twice',
    ],
    [
      'changes the key when it tries again',
      creatingWith((context) => ({ 'idempotency-key': context.key(`note-${(keys += 1)}`) }), 2),
      [create],
      'acme_create_note has an unknown outcome',
    ],
  ])('find a connector that %s', async (_, connector, writes, finds) => {
    expect(await failedChecks(connector, ...writes)).toContainEqual(expect.stringContaining(finds));
  });
});
