import { createHmac } from 'node:crypto';
import { startSimulator, type ConnectorSandbox, type SandboxAccount, type SimulatorHandler } from '../../../src/testing/index.ts';

interface Note {
  readonly id: string;
  text: string;
  readonly author: string | null;
  readonly url: string;
}

const pageSize = 2;

/** A vendor of notes on this machine: tokens, idempotency keys, pages, rows, a webhook, and five notes to begin with. */
export async function startAcme({ canary }: SandboxAccount, hookSecret = `hook-${canary}`): Promise<ConnectorSandbox> {
  const notes = new Map<string, Note>();
  const byKey = new Map<string, Note>();
  const tokens = new Set<string>();
  let lastId = 0;
  const add = (text: string): Note => {
    const id = `note-${(lastId += 1)}`;
    const note = { id, text, author: null, url: `https://home.acme.example/notes/${id}` };
    notes.set(id, note);
    return note;
  };
  for (let n = 1; n <= 5; n += 1) add(`Note ${n}`);

  const signedIn =
    (handler: SimulatorHandler): SimulatorHandler =>
    (request) =>
      tokens.has(request.headers['authorization'] ?? '') ? handler(request) : { status: 401, body: { message: 'Sign in first.' } };
  const withNote = (handler: (note: Note, body: unknown) => ReturnType<SimulatorHandler>): SimulatorHandler =>
    signedIn(({ params, body }) => {
      const note = notes.get(params['id'] ?? '');
      return note ? handler(note, body) : { status: 404, body: { message: 'There is no such note.' } };
    });

  const simulator = await startSimulator({
    failure: (status) => ({ body: { message: `No: ${status}.` } }),
    routes: {
      'POST /token': ({ body }) => {
        if ((body as { client_secret?: string } | undefined)?.client_secret !== canary)
          return { status: 401, body: { error: 'invalid_client' } };
        const token = `token-${tokens.size}-${crypto.randomUUID()}`;
        tokens.add(`Bearer ${token}`);
        return { status: 200, body: { access_token: token, expires_in: 3600 } };
      },
      'GET /me': signedIn(() => ({ status: 200, body: { name: 'Ada' } })),
      'GET /notes/{id}': withNote((note) => ({ status: 200, body: note })),
      'GET /notes': signedIn(({ query }) => {
        const all = [...notes.values()];
        const from = Number(query.get('after') ?? 0);
        const next = from + pageSize < all.length ? String(from + pageSize) : null;
        return { status: 200, body: { notes: all.slice(from, from + pageSize), has_more: next !== null, next } };
      }),
      'GET /export': signedIn(() => ({
        status: 200,
        headers: { 'content-type': 'application/x-ndjson' },
        body: [...notes.values()].map((note) => `${JSON.stringify(note)}\n`).join(''),
      })),
      'POST /notes': signedIn(({ headers, body }) => {
        const key = headers['idempotency-key'];
        const note = (key !== undefined && byKey.get(key)) || add((body as { text: string }).text);
        if (key !== undefined) byKey.set(key, note);
        return { status: 201, body: note };
      }),
      'PUT /notes/{id}': withNote((note, body) => {
        note.text = (body as { text: string }).text;
        return { status: 200, body: note };
      }),
      'DELETE /notes/{id}': withNote((note) => {
        notes.delete(note.id);
        return { status: 204 };
      }),
    },
  });
  return {
    ...simulator,
    config: { account: 'home', clientSecret: canary, hookSecret },
    remapOrigins: { 'https://home.acme.example': simulator.url },
    async sign(body) {
      const at = String(Date.now());
      const signature = createHmac('sha256', hookSecret)
        .update(at + body)
        .digest('hex');
      return { 'x-acme-signature': signature, 'x-acme-at': at };
    },
  };
}
