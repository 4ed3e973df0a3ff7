/** A connection to the user's Redis or Valkey: made, lost and found again without noise, its errors said without its password. */
import { isIP } from 'node:net';
import { rootCertificates } from 'node:tls';
import { Redis, type RedisOptions } from 'ioredis';
import { printable } from '../scenario/printable.ts';
import { type QueueAddress, shown } from './address.ts';
import { QueueTrouble } from './trouble.ts';

/** From the first byte to the last of a handshake. */
const CONNECT_MS = 10_000;
const RETRY_MS = 500;

/** BullMQ copies it, and stops listening to its copies before they have stopped to connect: that would be noise with a stack trace. */
class QuietRedis extends Redis {
  override duplicate(options?: Partial<RedisOptions>): Redis {
    return super.duplicate(options).on('error', () => {});
  }
}

export class Connection {
  readonly client: Redis;
  readonly address: QueueAddress;
  /** settles when the queue is gone for good */
  readonly gone: Promise<QueueTrouble>;
  private readonly copies: Redis[] = [];
  private readonly end: (trouble: QueueTrouble) => void;
  private readonly say: (text: string) => void;
  private readonly patience: number;
  private ready = false;
  private lostAt: number | null = null;
  private closing = false;
  private last: unknown = null;

  private constructor(address: QueueAddress, patience: number, say: (text: string) => void) {
    this.address = address;
    this.say = say;
    this.patience = patience;
    let end: (trouble: QueueTrouble) => void = () => {};
    this.gone = new Promise((resolve) => {
      end = resolve;
    });
    this.end = end;
    const { host, port, database, username, password, tls, ca } = address;
    this.client = new QuietRedis({
      host,
      port,
      db: database,
      ...(username === null ? {} : { username }),
      ...(password === null ? {} : { password }),
      ...(tls
        ? {
            tls: {
              ...(isIP(host) === 0 ? { servername: host } : {}),
              ...(ca === null ? {} : { ca: [...rootCertificates, ca] }),
            },
          }
        : {}),
      lazyConnect: true,
      connectTimeout: CONNECT_MS,
      // a command waits for the queue to be back; when it will not be, all of them fail
      maxRetriesPerRequest: null,
      retryStrategy: () => this.again(),
    });
    this.listen(this.client);
  }

  /**
   * @param patience seconds that a queue which went away is waited for
   * @param say what happens to the connection, each thing once
   * @throws QueueTrouble
   */
  static async open(address: QueueAddress, patience: number, say: (text: string) => void): Promise<Connection> {
    const connection = new Connection(address, patience, say);
    const { client } = connection;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer')), CONNECT_MS);
    });
    try {
      await Promise.race([client.connect().then(() => client.ping()), late]);
    } catch (error) {
      const trouble = connection.trouble('cannot be used', connection.last ?? error);
      connection.close();
      throw trouble;
    } finally {
      clearTimeout(timer);
    }
    connection.ready = true;
    return connection;
  }

  /** One more, for a command that blocks. */
  another(): Redis {
    const copy = this.client.duplicate();
    this.listen(copy);
    this.copies.push(copy);
    return copy;
  }

  /** What an error of the queue's says, as one sentence. */
  trouble(what: string, error: unknown): QueueTrouble {
    return new QueueTrouble(`the queue at ${shown(this.address)} ${what}: ${this.reason(error)}`);
  }

  close(): void {
    this.closing = true;
    for (const client of [this.client, ...this.copies]) client.disconnect();
  }

  private listen(client: Redis): void {
    client.on('error', (error: unknown) => {
      this.last = error;
    });
    client.on('close', () => {
      if (!this.ready || this.closing || this.lostAt !== null) return;
      this.lostAt = Date.now();
      this.say(`the queue at ${shown(this.address)} is gone: waiting up to ${this.patience} s for it to come back`);
    });
    client.on('ready', () => {
      if (this.lostAt === null || client !== this.client) return;
      this.lostAt = null;
      this.say(`the queue at ${shown(this.address)} is back`);
    });
  }

  /** ioredis asks after each attempt that failed; null ends the connection, and every command that waits on it. */
  private again(): number | null {
    if (!this.ready || this.closing) return null;
    if (this.lostAt === null || Date.now() - this.lostAt < 1000 * this.patience) return RETRY_MS;
    this.end(this.trouble('is gone', this.last));
    return null;
  }

  private reason(error: unknown): string {
    const { code, message } = error as { code?: unknown; message?: unknown };
    const said = typeof message === 'string' ? message : String(error);
    for (const [pattern, words] of REASONS) if (pattern.test(`${String(code)} ${said}`)) return words;
    // a server may repeat what it was sent
    const { password } = this.address;
    return printable(password === null ? said : said.replaceAll(password, '...'));
  }
}

const REASONS: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'connection refused'],
  [/ENOTFOUND|EAI_AGAIN/, 'no such host'],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|no answer/, 'no answer'],
  [/WRONGPASS|invalid password|AUTH.*without any password/, 'it does not take this user and password'],
  [/NOAUTH/, 'it wants a password: give it in CLAIMCHECK_QUEUE_PASSWORD or in the address'],
  [/NOPERM/, 'this user may not do what a fleet does'],
  [
    /SELF_SIGNED|UNABLE_TO|CERT_|ALTNAME/,
    'its certificate is not trusted: name the file of its authority with --queue-ca',
  ],
  [/ERR_SSL|EPROTO|wrong version number/, 'it does not speak TLS: give its address with redis://'],
  [/Protocol error|Unknown RESP/, 'this is no Redis and no Valkey'],
  [/Connection is closed|ECONNRESET|EPIPE|disconnected/, 'it closed the connection'],
];
