import type { Response } from './connection.ts';

/** A result, as far as the benchmark looks into it. */
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

/** The answer to the request with the id 1, whether it came as JSON or as an event. */
function messageOf({ status, head, body }: Response): Message {
  const text = body.toString('utf8');
  if (!/^content-type: text\/event-stream/im.test(head)) {
    if (status !== 200 && !text.startsWith('{')) throw new Error(`It answered ${status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as Message;
  }
  const messages = [...text.matchAll(/^data: ?(\{.*)$/gm)].map(([, json = '']) => JSON.parse(json) as Message);
  const message = messages.find(({ id }) => id === 1);
  if (!message) throw new Error(`Its event stream has no answer: ${text.slice(0, 300)}`);
  return message;
}

/** The result of a request that went well. Throws for any other. */
function resultOf(response: Response): NonNullable<Message['result']> {
  const { result, error } = messageOf(response);
  if (response.status !== 200 || !result || result.isError === true)
    throw new Error(`It answered ${response.status}: ${error?.message ?? response.body.toString('utf8').slice(0, 300)}`);
  return result;
}

/** Throws where it is not the echo of that text. */
export function checkEcho(response: Response, text: string): void {
  const { content } = resultOf(response);
  if (content?.[0]?.text !== text) throw new Error(`It echoed ${JSON.stringify(content).slice(0, 300)}`);
}

/** Throws where it is not the list of that many tools, each with its eight fields. */
export function checkList(response: Response, count: number): void {
  const { tools = [], nextCursor } = resultOf(response);
  const whole = tools.filter(({ inputSchema }) => Object.keys(inputSchema.properties ?? {}).length === 8);
  if (whole.length !== count || nextCursor !== undefined)
    throw new Error(`It listed ${tools.length} tools, ${whole.length} of them with eight fields, instead of ${count}.`);
}

/** Throws where arguments that do not fit were taken. */
export function checkRefusal(response: Response): void {
  const { error, result } = messageOf(response);
  if (!error && result?.isError !== true) throw new Error('It took arguments that do not fit its schema, so it does less than the others.');
}

/** What an answer that went wrong has in it, and no other: the text that is echoed has no quotation marks. */
const signsOfFailure = ['"isError":true', '"error":{'].map((sign) => Buffer.from(sign));

/** Cheap enough for each answer under load. */
export const looksRight = ({ status, body }: Response): boolean =>
  status === 200 && body.length > 0 && !signsOfFailure.some((sign) => body.includes(sign));
