/** A request that ends in an error. Thrown by handlers, turned into Placement's form in one place. */

/** placement/errors.py, without the `placement.` that all begin with. */
export type ErrorCode =
  | 'undefined_code'
  | 'inventory.inuse'
  | 'concurrent_update'
  | 'duplicate_name'
  | 'resource_provider.inuse'
  | 'resource_provider.cannot_delete_parent'
  | 'resource_provider.not_found'
  | 'query.duplicate_key'
  | 'query.bad_value'
  | 'query.missing_value';

export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: ErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    detail = '',
    code: ErrorCode = 'undefined_code',
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** webob.exc: title and first sentence of each status. */
export const STATUS: Readonly<Record<number, readonly [title: string, explanation: string]>> = {
  400: [
    'Bad Request',
    'The server could not comply with the request since it is either malformed or otherwise incorrect.',
  ],
  401: [
    'Unauthorized',
    'This server could not verify that you are authorized to access the document you requested. Either you supplied the ' +
      'wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required.',
  ],
  403: ['Forbidden', 'Access was denied to this resource.'],
  404: ['Not Found', 'The resource could not be found.'],
  405: ['Method Not Allowed', 'The method is not allowed for this resource.'],
  406: ['Not Acceptable', 'The resource could not be generated that was acceptable to your browser.'],
  409: ['Conflict', 'There was a conflict when trying to complete your request.'],
  415: ['Unsupported Media Type', 'The request media type is not supported by this server.'],
  500: ['Internal Server Error', 'The server has either erred or is incapable of performing the requested operation.'],
};

/** placement/util.py:json_error_formatter. The code is there from 1.23 on, and not before the version is known. */
export function errorBody(refusal: Refusal, version: number | null): string {
  const { status, code, message } = refusal;
  const [title, explanation] = STATUS[status]!;
  const error = {
    status,
    title,
    detail: `${explanation}\n\n ${message}  `,
    ...(version !== null && version >= 23 ? { code: `placement.${code}` } : {}),
    ...(version === null && status === 406 ? { max_version: '1.39', min_version: '1.0' } : {}),
  };
  return JSON.stringify({ errors: [error] });
}
