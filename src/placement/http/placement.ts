/**
 * Placement as a client meets it: an HTTP request in, an HTTP answer out, from version 1.0 to 1.39. placement/deploy.py and
 * placement/handler.py: who is asked in which order before a handler runs.
 */
import type { Json } from '../rest.ts';
import { PLACEMENT_RULES, type PlacementRules } from '../server.ts';
import type { Answered, Asked, Meanwhile } from './asked.ts';
import { Database } from './database.ts';
import type { HttpRequest, HttpResponse } from './message.ts';
import { errorBody, Refusal, STATUS } from './refusal.ts';
import { type Endpoint, type Methods, ROUTES } from './routes.ts';

const NEWEST = 39;

/** A header that no Placement knows: see HttpPlacement.serve. */
export const BEGAN = 'claimcheck-began';
export const BEFORE_THE_LAST = 'before-the-last';
const NOTHING: Meanwhile = { providers: new Set(), projects: new Set() };

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
  private readonly rules: PlacementRules;

  /** @param rules other than Placement's, to show that a comparison notices */
  constructor(release: number, surroundings: Surroundings, rules: PlacementRules = PLACEMENT_RULES) {
    this.release = release;
    this.surroundings = surroundings;
    this.rules = rules;
    this.database = new Database(release);
  }

  /**
   * Serves one request. With the header `claimcheck-began: before-the-last` it had begun when the one before it was served: what
   * that one changed happened between its reading and its writing.
   */
  serve(request: HttpRequest): HttpResponse {
    const { database } = this;
    const generations = database.store.providers.map(({ generation }) => generation);
    const projects = database.projects.size;
    const response = this.respond(request, request.headers[BEGAN] === BEFORE_THE_LAST ? this.last : NOTHING);
    this.last = {
      providers: new Set(
        database.store.providers.flatMap(({ generation }, k) => (generation === generations[k] ? [] : [k])),
      ),
      // those that were made last stand last
      projects:
        database.projects.size === projects ? NOTHING.projects : new Set([...database.projects].slice(projects)),
    };
    return response;
  }

  private last: Meanwhile = NOTHING;

  private respond(request: HttpRequest, meanwhile: Meanwhile): HttpResponse {
    const { path, headers } = request;
    const [route] = path.split('?') as [string];
    if (headers['x-auth-token'] === undefined && route !== '/') return unauthorized();
    let version: number | null = null;
    try {
      version = versionAsked(headers['openstack-api-version']);
      return this.rendered(this.answer(request, version, meanwhile), version);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const form = errorForm(headers.accept);
      return {
        status: error.status,
        headers: {
          // an exception that nobody caught passes the middleware of versions
          ...(version === null || error.status === 500 ? {} : { 'openstack-api-version': `placement 1.${version}` }),
          'content-type': form === 'application/json' ? form : `${form}; charset=UTF-8`,
          ...error.headers,
        },
        body: form === 'application/json' ? errorBody(error, version) : `${error.status} ${STATUS[error.status]![0]}`,
      };
    }
  }

  private answer(request: HttpRequest, version: number, meanwhile: Meanwhile): Answered {
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
    const query = new URLSearchParams(search);
    if (route !== '/' && !mayUse(headers, this.release, endpoint, query))
      throw new Refusal(403, 'Policy does not allow it to be performed.');
    const values = found.pattern.exec(route)!.slice(1).map(decode);
    const asked: Asked = {
      database: this.database,
      rules: this.rules,
      version,
      at: Object.fromEntries(found.names.map((name, k) => [name, values[k]!])),
      query,
      body: body ?? '',
      meanwhile,
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
        ...(dated !== undefined && version >= 15 ? { 'cache-control': 'no-cache' } : {}),
        ...(dated === true && version >= 15 ? { 'last-modified': this.surroundings.now() } : {}),
      },
      body: body === undefined ? '' : jsonOf(body),
    };
  }
}

/** A ratio is a float to Python, which writes 2.0; clients print what they read. */
function jsonOf(body: Json): string {
  return JSON.stringify(body).replaceAll(/("allocation_ratio":-?\d+)(?=[,}])/g, '$1.0');
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
  if (quality(accept, 'application/json') > 0) return;
  throw new Refusal(406, 'Only application/json is provided');
}

/**
 * placement/auth.py:NoAuthMiddleware and placement/policies: an administrator, and in releases since 8.0.0 a service; to
 * reshape only a service; usages of a project also its readers.
 */
function mayUse(headers: HttpRequest['headers'], release: number, endpoint: Endpoint, query: URLSearchParams): boolean {
  const [user, project = user] = headers['x-auth-token']!.split(/:(.*)/s);
  const roles = headers['x-roles']?.split(',') ?? (user === 'admin' ? ['admin'] : []);
  const served = release > 8 && roles.includes('service');
  if (endpoint.policy === 'reshape' && release > 8) return served;
  if (endpoint.policy === 'usages' && roles.includes('reader') && query.get('project_id') === project) return true;
  return served || roles.includes('admin');
}

/** webob/exc.py:WSGIHTTPException.generate_response; an Accept that is missing or takes anything means JSON here. */
function errorForm(accept: string | undefined): 'application/json' | 'text/html' | 'text/plain' {
  if (accept === undefined || accept === '' || accept === '*/*') return 'application/json';
  const json = quality(accept, 'application/json');
  const html = quality(accept, 'text/html');
  if (html > 0 && html >= json) return 'text/html';
  return json > 0 ? 'application/json' : 'text/plain';
}

/** How much a type is wanted: the most specific range that covers it says so. */
function quality(accept: string, type: string): number {
  const [kind] = type.split('/');
  const ranges = accept.split(',').map((part) =>
    part
      .trim()
      .toLowerCase()
      .split(/\s*;\s*/),
  );
  for (const range of [type, `${kind}/*`, '*/*']) {
    const found = ranges.find(([name]) => name === range);
    if (found === undefined) continue;
    const q = found.find((parameter) => parameter.startsWith('q='));
    return q === undefined ? 1 : Number(q.slice(2));
  }
  return 0;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
