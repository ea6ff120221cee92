import type { Response } from './connection.ts';

/** The parts of a result that the benchmark checks. */
interface Message {
  readonly id?: unknown;
  readonly error?: { readonly message: string };
  readonly result?: {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text?: string }[];
    readonly tools?: readonly { readonly name: string; readonly inputSchema: { readonly properties?: object } }[];
    readonly nextCursor?: string;
  };
}

/** Returns the answer to the request with the id 1, from JSON or from an event stream. */
function messageOf({ status, head, body }: Response): Message {
  const text = body.toString('utf8');
  if (!/^content-type: text\/event-stream/im.test(head)) {
    if (status !== 200 && !text.startsWith('{')) throw new Error(`The server answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Message;
  }
  const messages = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Message);
  const message = messages.find(({ id }) => id === 1);
  if (!message) throw new Error(`The event stream has no answer: ${text.slice(0, 300)}`);
  return message;
}

/** Returns the result of a successful request. @throws {Error} for any other answer. */
function resultOf(response: Response): NonNullable<Message['result']> {
  const { result, error } = messageOf(response);
  if (response.status !== 200 || !result || result.isError === true)
    throw new Error(`The server answered ${response.status}: ${error?.message ?? response.body.toString('utf8').slice(0, 300)}`);
  return result;
}

/** @throws {Error} if the response does not echo the text. */
export function checkEcho(response: Response, text: string): void {
  const { content } = resultOf(response);
  if (content?.[0]?.text !== text) throw new Error(`The server echoed ${JSON.stringify(content).slice(0, 300)}`);
}

/** @throws {Error} if the response does not list `count` tools with eight fields each. */
export function checkList(response: Response, count: number): void {
  const { tools = [], nextCursor } = resultOf(response);
  const whole = tools.filter(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}).length === 8);
  if (whole.length !== count || nextCursor !== undefined)
    throw new Error(`The server listed ${tools.length} tools, ${whole.length} of them with eight fields, instead of ${count}.`);
}

/** @throws {Error} if the server accepted invalid arguments. */
export function checkRefusal(response: Response): void {
  const { error, result } = messageOf(response);
  if (!error && result?.isError !== true)
    throw new Error('The server accepted arguments that do not fit its schema, so it does less than the others.');
}

/** Texts that only failed answers contain: the echoed text has no quotation marks. */
const signsOfFailure = ['"isError":true', '"error":{'].map((sign) => Buffer.from(sign));

/** Whether an answer looks successful. The check is cheap enough for each answer under load. */
export const looksRight = ({ status, body }: Response): boolean =>
  status === 200 && body.length > 0 && !signsOfFailure.some((sign) => body.includes(sign));
