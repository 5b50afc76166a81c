/** The two formats of the scheduler API. A scheduler may send calls in one and receive events in the other. */
export type MediaType = 'application/json' | 'application/x-protobuf';

/** The media type of a Content-Type, which must match exactly: upstream Mesos rejects parameters such as charset. */
export function parseContentType(contentType: string): MediaType | undefined {
  return contentType === 'application/json' || contentType === 'application/x-protobuf' ? contentType : undefined;
}

/** The media type of the response to an Accept header; without one, any type is accepted. Like upstream Mesos, it prefers JSON. */
export function chooseMediaType(accept: string | undefined): MediaType | undefined {
  if (acceptsJson(accept)) return 'application/json';
  return mediaRanges(accept).includes('application/x-protobuf') ? 'application/x-protobuf' : undefined;
}

/** Whether an Accept header accepts JSON. */
export function acceptsJson(accept: string | undefined): boolean {
  return (
    accept === undefined || mediaRanges(accept).some((range) => ['application/json', 'application/*', '*/*'].includes(range))
  );
}

function mediaRanges(accept: string | undefined): string[] {
  return (accept ?? '').split(',').map((range) => range.split(';')[0]!.trim());
}
