/** Where the queue is: an address that may hold a password, and what may be shown of it. */
import { printable } from '../scenario/printable.ts';

export interface QueueAddress {
  readonly host: string;
  readonly port: number;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
  /** the text of certificates to trust beside the system's, or null */
  readonly ca: string | null;
}

/**
 * An address as `redis://[[user]:password@]host[:port][/database]`, over TLS with `rediss`, or null. It is never echoed: a password
 * with a character that an address cannot hold would end up in what looks like its host or path.
 */
export function readAddress(text: string): Omit<QueueAddress, 'ca'> | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'redis:' && url.protocol !== 'rediss:')) return null;
  const database = /^\/?(\d{0,4})$/.exec(url.pathname)?.[1];
  const plain = database !== undefined && url.search === '' && url.hash === '';
  if (!plain || url.hostname === '' || /\s/.test(text)) return null;
  try {
    const username = decodeURIComponent(url.username);
    const password = decodeURIComponent(url.password);
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? 6379 : Number(url.port),
      database: Number(database),
      username: username === '' ? null : username,
      password: password === '' ? null : password,
      tls: url.protocol === 'rediss:',
    };
  } catch {
    return null;
  }
}

/** The address without user and password. */
export function shown({ host, port, database, tls }: QueueAddress): string {
  const name = host.includes(':') ? `[${host}]` : host;
  return printable(`${tls ? 'rediss' : 'redis'}://${name}:${port}${database === 0 ? '' : `/${database}`}`);
}

/** Text, such as an argument of the command, in which an address may stand. */
export const withoutCredentials = (text: string): string => text.replace(/(rediss?:\/\/).*@/gis, '$1');
