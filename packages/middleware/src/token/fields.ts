/** The fields of a request by name. Node writes names in lower case, others as they were received. */
export type FieldsByName = Readonly<Record<string, string | readonly unknown[] | undefined>>;

/** Where the fields of a request are. */
export interface RequestFields {
  /** By name; or pairs of name and value, as in a `Headers` object of the Fetch API, a `Map` or a list. `null`: no fields. */
  readonly headers: FieldsByName | Iterable<unknown> | null;
  readonly headersDistinct?: FieldsByName | undefined;
  /** Names and values alternate, as received. Requests of Node have it. */
  readonly rawHeaders?: readonly string[] | undefined;
  /** Every value of each field: events of API Gateway and of load balancers of AWS have it. */
  readonly multiValueHeaders?: FieldsByName | null | undefined;
}

interface NodeFields {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly rawHeaders: readonly string[];
}

function isOfNode(request: RequestFields): request is NodeFields {
  return request.rawHeaders !== undefined;
}

/** The value of a field; the first of several. Undefined: there is no such field. @param name in lower case. */
export function fieldOf(request: RequestFields, name: string): string | undefined {
  return isOfNode(request) ? firstOf(request.headers[name]) : foreignValues(request, name)[0];
}

/** The value of a field, unless {@link countFields} finds several: then, as without the field, undefined. @param name in lower case. */
export function singleFieldOf(request: RequestFields, name: string): string | undefined {
  if (isOfNode(request)) {
    const { headers, rawHeaders } = request;
    return countNames(rawHeaders, name) > 1 ? undefined : firstOf(headers[name]);
  }
  const values = foreignValues(request, name);
  return values.length === 1 ? values[0] : undefined;
}

function firstOf(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

/**
 * Counts the fields as received. Node keeps only the first of several in `headers`, while a proxy in front may have checked
 * the last: only a request with one field means the same to both.
 */
export function countFields(request: RequestFields, name: string): number {
  return isOfNode(request) ? countNames(request.rawHeaders, name) : foreignValues(request, name).length;
}

function countNames(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (isNamed(rawHeaders[i], name)) count += 1;
  return count;
}

function isNamed(received: unknown, name: string): boolean {
  // RFC 9110 §5.1: names of fields are compared without case.
  return (
    typeof received === 'string' &&
    received.length === name.length &&
    (received === name || received.toLowerCase() === name)
  );
}

/** The values of a field in a request that is not Node's: a field that is not found would make its caller anonymous. */
function foreignValues({ headers, headersDistinct, multiValueHeaders }: RequestFields, name: string): string[] {
  // The wrong argument of a caller is no request without credentials.
  if (headers === undefined && !multiValueHeaders)
    throw new TypeError('expected a request with headers, found another value');
  for (const source of [headersDistinct, multiValueHeaders, headers]) {
    const values = pairsOf(source ?? []).flatMap(([received, value]) =>
      isNamed(received, name) ? textsOf(value) : [],
    );
    if (values.length > 0) return values;
  }
  return [];
}

function pairsOf(fields: object): readonly (readonly unknown[])[] {
  if (!isIterable(fields)) return Object.entries(fields);
  const items = [...fields];
  if (items.every((item) => Array.isArray(item))) return items;
  // Names and values alternate.
  return items.flatMap((item, index) => (index % 2 === 0 ? [[item, items[index + 1]]] : []));
}

function isIterable(value: object): value is Iterable<unknown> {
  return Symbol.iterator in value;
}

/** A field that is present and has no text is a field with bad credentials. An event of CloudFront has objects with a `value`. */
function textsOf(value: unknown): string[] {
  if (value === undefined || value === null) return [];
  return [value].flat().map((each: unknown) => {
    const text = typeof each === 'object' && each !== null && 'value' in each ? each.value : each;
    return typeof text === 'string' ? text : '';
  });
}
