import type { ZendeskSandbox } from '../../src/sandbox.ts';

/** The fields that any of the sandbox's answers may have. */
interface AnswerBody {
  readonly access_token: string;
  readonly ticket: Readonly<Record<string, unknown>>;
  readonly audit: { readonly events: readonly object[] };
  readonly user: object;
  readonly users: readonly { readonly email: string }[];
  readonly comments: readonly { readonly body: string }[];
  readonly results: readonly { readonly id: number }[];
  readonly meta: { readonly after_cursor: string };
  readonly links: { readonly next: string };
  readonly next_page: string;
  readonly error: string;
  readonly details: object;
}

/** Sends requests to a sandbox as a client of Zendesk would. */
export function sandboxClient(sandbox: ZendeskSandbox) {
  let authorization = '';

  async function send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) {
    const response = await fetch(sandbox.url + path, {
      method,
      headers: { authorization, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as AnswerBody };
  }
  const token = (fields: object = {}) => {
    const standard = {
      grant_type: 'client_credentials',
      client_id: 'client',
      client_secret: 'client-secret',
      scope: 'read write',
      expires_in: 600,
    };
    return send('POST', '/oauth/tokens', { ...standard, ...fields }, { authorization: '' });
  };

  return {
    send,
    token,
    get: (path: string, headers?: Readonly<Record<string, string>>) => send('GET', path, undefined, headers),
    create: (ticket: object, headers?: Readonly<Record<string, string>>) =>
      send('POST', '/api/v2/tickets', { ticket: { subject: 'A', comment: { body: 'B' }, ...ticket } }, headers),
    /** Uses a new token from now on. */
    async signIn(fields?: object): Promise<void> {
      authorization = `Bearer ${(await token(fields)).body.access_token}`;
    },
  };
}
