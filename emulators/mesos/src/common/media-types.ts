/** The two formats of the APIs. A client may send calls in one and receive responses and events in the other. */
export type MediaType = 'application/json' | 'application/x-protobuf';

/** The media type of a Content-Type, which must match exactly: upstream Mesos rejects parameters such as charset. */
export function parseContentType(contentType: string): MediaType | undefined {
  return contentType === 'application/json' || contentType === 'application/x-protobuf' ? contentType : undefined;
}

/** The media type of the response to an Accept header; without one, any type is accepted. Like upstream Mesos, it prefers JSON. */
export function chooseMediaType(accept: string | undefined): MediaType | undefined {
  return (['application/json', 'application/x-protobuf'] as const).find((type) => accepts(accept, type));
}

/** Whether an Accept header accepts a media type. */
export function accepts(accept: string | undefined, type: `application/${string}`): boolean {
  return accept === undefined || mediaRanges(accept).some((range) => [type, 'application/*', '*/*'].includes(range));
}

function mediaRanges(accept: string): string[] {
  return accept.split(',').map((range) => range.split(';')[0]!.trim());
}
