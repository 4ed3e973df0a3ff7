/**
 * Placement as a client meets it: an HTTP request in, an HTTP answer out, from version 1.0 to 1.39. placement/deploy.py and
 * placement/handler.py: who is asked in which order before a handler runs.
 */
import type { Answered, Asked } from './asked.ts';
import { Database } from './database.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { errorBody, Refusal, STATUS } from './refusal.ts';
import { type Endpoint, type Methods, ROUTES } from './routes.ts';

const NEWEST = 39;

export interface Surroundings {
  /** what a server takes for the uuid that a request leaves out */
  readonly madeUuid: () => string;
  /** the date in Last-Modified */
  readonly now: () => string;
}

const TABLE = Object.entries(ROUTES).map(([route, methods]) => {
  const names = [...route.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return { pattern: new RegExp(`^${route.replaceAll(/\{\w+\}/g, '([^/]+)')}$`), names, methods };
});

export class HttpPlacement {
  readonly database: Database;
  private readonly release: number;
  private readonly surroundings: Surroundings;

  constructor(release: number, surroundings: Surroundings) {
    this.release = release;
    this.surroundings = surroundings;
    this.database = new Database(release);
  }

  serve(request: HttpRequest): HttpResponse {
    const { path, headers } = request;
    const [route] = path.split('?') as [string];
    if (headers['x-auth-token'] === undefined && route !== '/') return unauthorized();
    let version: number | null = null;
    try {
      version = versionAsked(headers['openstack-api-version']);
      return this.rendered(this.answer(request, version), version);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return {
        status: error.status,
        headers: {
          ...(version === null ? {} : { 'openstack-api-version': `placement 1.${version}` }),
          'content-type': 'application/json',
          ...error.headers,
        },
        body: errorBody(error, version),
      };
    }
  }

  private answer(request: HttpRequest, version: number): Answered {
    const { method, path, headers, body } = request;
    if (body !== null && body !== '' && headers['content-type'] === undefined) {
      throw new Refusal(400, 'content-type header required when content-length > 0');
    }
    const [route, search = ''] = path.split(/\?(.*)/s) as [string, string?];
    const found = TABLE.find(({ pattern }) => pattern.test(route));
    if (found === undefined) throw new Refusal(404);
    const endpoint = endpointFor(found.methods, method, version);
    const refuseOld = (): void => {
      if (version >= (endpoint.since ?? 0)) return;
      throw new Refusal(endpoint.tooOld ?? 404);
    };
    if (endpoint.typesFirst !== true) refuseOld();
    if (endpoint.takes === 'json') refuseContent(headers['content-type']);
    if (endpoint.gives === 'json') refuseAccept(headers.accept);
    if (endpoint.typesFirst === true) refuseOld();
    if (route !== '/' && !mayUse(headers, this.release))
      throw new Refusal(403, 'Policy does not allow it to be performed.');
    const values = found.pattern.exec(route)!.slice(1).map(decode);
    const asked: Asked = {
      database: this.database,
      release: this.release,
      version,
      at: Object.fromEntries(found.names.map((name, k) => [name, values[k]!])),
      query: new URLSearchParams(search),
      body: body ?? '',
    };
    return endpoint.handle(asked, this.surroundings.madeUuid);
  }

  private rendered({ status, body, location, dated }: Answered, version: number): HttpResponse {
    return {
      status,
      headers: {
        'openstack-api-version': `placement 1.${version}`,
        vary: 'openstack-api-version',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(location === undefined ? {} : { location }),
        ...(dated === true && version >= 15
          ? { 'last-modified': this.surroundings.now(), 'cache-control': 'no-cache' }
          : {}),
      },
      body: body === undefined ? '' : JSON.stringify(body),
    };
  }
}

/** webob's own form, not Placement's: the request never came as far. */
function unauthorized(): HttpResponse {
  const [title, message] = STATUS[401]!;
  return {
    status: 401,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ message: `${message}<br /><br />\n\n\n`, code: '401 Unauthorized', title }),
  };
}

/** microversion_parse.extract_version: the last of several that name this service; none means 1.0. */
function versionAsked(header: string | undefined): number {
  let asked = '1.0';
  for (const part of (header ?? '').split(',')) {
    const match = /^\s*(\S+)\s+(.*?)\s*$/s.exec(part);
    if (match !== null && match[1]!.toLowerCase() === 'placement') asked = match[2]!;
  }
  if (asked === 'latest') return NEWEST;
  const numbers = /^\s*([+-]?\d+)\s*\.\s*([+-]?\d+)\s*$/.exec(asked);
  if (numbers === null) throw new Refusal(400, `Invalid microversion: invalid version string: ${asked}`);
  const [major, minor] = [Number(numbers[1]), Number(numbers[2])];
  if (major !== 1 || minor < 0 || minor > NEWEST) {
    throw new Refusal(406, `Invalid microversion: Unacceptable version header: ${asked}`);
  }
  return minor;
}

function endpointFor(methods: Methods, method: string, version: number): Endpoint {
  const endpoint = methods[method];
  if (endpoint === undefined) {
    throw new Refusal(405, 'The method specified is not allowed for this resource.', 'undefined_code', {
      allow: Object.keys(methods).join(', '),
    });
  }
  return typeof endpoint === 'function' ? endpoint(version) : endpoint;
}

/** Parameters such as a charset are fine. */
function refuseContent(type: string | undefined): void {
  if (type !== undefined && /^\s*application\/json\s*(;|$)/i.test(type)) return;
  throw new Refusal(415, `The media type ${type ?? 'None'} is not supported, use application/json`);
}

function refuseAccept(accept: string | undefined): void {
  if (accept === undefined || accept === '') return;
  const types = accept.split(',').map((part) => part.split(';')[0]!.trim().toLowerCase());
  if (types.some((type) => ['*/*', 'application/*', 'application/json'].includes(type))) return;
  throw new Refusal(406, 'Only application/json is provided');
}

/** placement/auth.py:NoAuthMiddleware and the default policies: an administrator, and from 15.0.0 on a service. */
function mayUse(headers: HttpRequest['headers'], release: number): boolean {
  const [user] = headers['x-auth-token']!.split(':');
  const roles = headers['x-roles']?.split(',') ?? (user === 'admin' ? ['admin'] : []);
  return roles.includes('admin') || (release >= 15 && roles.includes('service'));
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
