import { label, named, withHeader, withMessage, type HttpRequest } from '../http-request.ts';
import { initialize, legacy, legacyVersions, modern, modernVersion } from '../requests.ts';

/** Every method of all revisions and extensions, with valid `params`, and some unknown methods. */
const requestParams: Readonly<Record<string, Record<string, unknown>>> = {
  initialize: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } },
  ping: {},
  'server/discover': {},
  'tools/list': {},
  'tools/call': { name: 'reference_echo_text', arguments: { text: 'a' } },
  'prompts/list': {},
  'prompts/get': { name: 'a' },
  'resources/list': {},
  'resources/templates/list': {},
  'resources/read': { uri: 'reference://a' },
  'resources/subscribe': { uri: 'reference://a' },
  'resources/unsubscribe': { uri: 'reference://a' },
  'completion/complete': { ref: { type: 'ref/prompt', name: 'a' }, argument: { name: 'a', value: 'b' } },
  'logging/setLevel': { level: 'debug' },
  'subscriptions/listen': { notifications: { toolsListChanged: true, resourceSubscriptions: ['reference://a'] } },
  'sampling/createMessage': { messages: [], maxTokens: 1 },
  'elicitation/create': { message: 'a', requestedSchema: { type: 'object', properties: {} } },
  'roots/list': {},
  'tasks/get': { taskId: 'a' },
  'tasks/list': {},
  'tasks/result': { taskId: 'a' },
  'tasks/cancel': { taskId: 'a' },
  'tasks/update': { taskId: 'a' },
  'tools/unknown': {},
  'rpc.discover': {},
  'reference/own': {},
};

const notificationParams: Readonly<Record<string, Record<string, unknown>>> = {
  'notifications/initialized': {},
  'notifications/cancelled': { requestId: 7, reason: 'a' },
  'notifications/progress': { progressToken: 'p', progress: 1 },
  'notifications/message': { level: 'info', data: 'a' },
  'notifications/roots/list_changed': {},
  'notifications/tools/list_changed': {},
  'notifications/resources/updated': { uri: 'reference://a' },
  'notifications/subscriptions/acknowledged': { notifications: {} },
  'notifications/elicitation/complete': { elicitationId: 'a' },
  'notifications/tasks/status': { taskId: 'a', status: 'working' },
  'notifications/unknown': {},
};

const versions = ['2025-11-25', '2024-11-05', '2099-01-01', undefined];
const asNotification = (request: HttpRequest): HttpRequest => named(request, 'as a notification', withMessage(request, { id: undefined }));
const withoutParams = (request: HttpRequest): HttpRequest => named(request, 'without params', withMessage(request, { params: undefined }));

const everyMethod = Object.entries({ ...requestParams, ...notificationParams }).flatMap(([method, params]) => {
  const requests = [modern(method, params), ...versions.map((version) => legacy(version, method, params))];
  return requests.flatMap((request) => [request, asNotification(request), withoutParams(request)]);
});

const plain = initialize('2025-11-25');
const greeting = (change: object, name = label(change).slice(0, 100)): HttpRequest => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' }, ...change };
  return named(plain, name, withMessage(plain, { params }));
};

const protocolVersions = [
  ...legacyVersions,
  modernVersion,
  '2099-01-01',
  '2024-10-07',
  '1.0',
  'draft',
  '',
  ' 2025-11-25',
  null,
  7,
  [],
  undefined,
];

const handshakes: readonly HttpRequest[] = [
  ...protocolVersions.map((version) => initialize(version)),
  ...[...legacyVersions, modernVersion, '2099-01-01', ''].flatMap((header) =>
    protocolVersions.slice(0, 8).map((version) => initialize(version, header)),
  ),
  ...[
    {},
    { elicitation: {} },
    { sampling: {}, roots: { listChanged: true } },
    { experimental: { a: {} } },
    { extra: 1 },
    null,
    [],
    'a',
    { elicitation: 7 },
    { tasks: {} },
    { roots: null },
  ].map((capabilities) => greeting({ capabilities })),
  ...[
    null,
    {},
    { name: 'a' },
    { version: '1' },
    { name: 7, version: '1' },
    'a',
    { name: 'a', version: '1', title: 'A', extra: 1 },
    { name: 'a', version: '1', icons: [{ src: 'https://a.example/i.png' }] },
    { name: 'a', version: '1', icons: 7 },
    { name: '', version: '' },
  ].map((clientInfo) => greeting({ clientInfo })),
  greeting({ capabilities: undefined }, 'no capabilities'),
  greeting({ clientInfo: undefined }, 'no clientInfo'),
  greeting({ extra: 1 }),
  greeting({ _meta: { progressToken: 'p' } }),
  greeting({ _meta: {} }),
  greeting({ _meta: null }),
  ...['a-session', '', '00000000-0000-4000-8000-000000000000'].map((id) =>
    named(plain, `mcp-session-id ${JSON.stringify(id)}`, withHeader(plain, 'mcp-session-id', id)),
  ),
];

/** Every request and notification of every revision: in its own form, as a notification, and without its params. */
export const methods: readonly HttpRequest[] = [...everyMethod, ...handshakes];
