/** HTTP as far as Placement looks at it. Names of headers are in lower case. */

export interface HttpRequest {
  readonly method: string;
  /** with the query string, as sent */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** empty where there is none */
  readonly body: string;
}
