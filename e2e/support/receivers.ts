// Those whom alerts tell: an HTTP server and a mail server that keep what they are sent.
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';

export interface ReceivedMessage {
  headers: IncomingHttpHeaders;
  text: string;
  body: any;
}

export interface Receiver {
  url: string;
  messages: ReceivedMessage[];
  stop: () => void;
}

export async function startReceiver(): Promise<Receiver> {
  const messages: ReceivedMessage[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const text = Buffer.concat(parts).toString();
      messages.push({ headers: request.headers, text, body: JSON.parse(text) });
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/hook`, messages, stop: () => server.close() };
}

/** As the manual tells receivers to check it. */
export function isSigned({ headers, text }: ReceivedMessage, secret: string): boolean {
  const [, seconds, signature] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(headers['x-reenact-signature'])) ?? [];
  return signature === createHmac('sha256', secret).update(`${seconds}.${text}`).digest('hex');
}

export interface MailSink {
  port: number;
  mails: string[];
  stop: () => void;
}

/** Takes every mail. */
export async function startMailSink(): Promise<MailSink> {
  const mails: string[] = [];
  const server = createSocketServer((socket) => {
    let mail: string[] | null = null;
    let rest = '';
    socket.write('220 sink\r\n');
    socket.on('data', (data) => {
      const lines = (rest + data.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (mail && line === '.') {
          mails.push(mail.join('\n'));
          mail = null;
          socket.write('250 taken\r\n');
        } else if (mail) mail.push(line);
        else if (line === 'DATA') {
          mail = [];
          socket.write('354 go on\r\n');
        } else if (line === 'QUIT') socket.end('221 bye\r\n');
        else socket.write('250 ok\r\n');
      }
    });
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return { port: (server.address() as AddressInfo).port, mails, stop: () => server.close() };
}
