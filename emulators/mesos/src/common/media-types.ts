/** The two forms a scheduler may speak in; what it sends and what it wants to read may differ. */
export type MediaType = 'application/json' | 'application/x-protobuf';

/** What a Content-Type names; exactly, as genuine Mesos wants it. */
export function parseContentType(contentType: string): MediaType | undefined {
  return contentType === 'application/json' || contentType === 'application/x-protobuf' ? contentType : undefined;
}

/** The form to answer in: JSON where it is allowed, as genuine Mesos prefers it. No Accept header allows everything. */
export function chooseMediaType(accept: string | undefined): MediaType | undefined {
  if (acceptsJson(accept)) return 'application/json';
  return mediaRanges(accept).includes('application/x-protobuf') ? 'application/x-protobuf' : undefined;
}

/** Whether an Accept header allows JSON. */
export function acceptsJson(accept: string | undefined): boolean {
  return (
    accept === undefined || mediaRanges(accept).some((range) => ['application/json', 'application/*', '*/*'].includes(range))
  );
}

function mediaRanges(accept: string | undefined): string[] {
  return (accept ?? '').split(',').map((range) => range.split(';')[0]!.trim());
}
