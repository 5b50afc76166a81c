import {double, field, integer, message, oneOf, opaque, repeated, required, string} from '../message.js';

/**
 * The messages of Mesos' API, with the field numbers of include/mesos/v1/mesos.proto. Fields that are not used are left out. This file has
 * those that many others contain.
 */

export const id = message({value: required(1, string)});

export const labels = message({labels: repeated(1, message({key: required(1, string), value: field(2, string)}))});

/** Both DurationInfo and TimeInfo. */
export const duration = message({nanoseconds: required(1, integer)});

export const parameter = message({key: required(1, string), value: required(2, string)});

const valueType = {SCALAR: 0, RANGES: 1, SET: 2, TEXT: 3};
export const scalar = message({value: required(1, double)});
const ranges = message({range: repeated(1, message({begin: required(1, integer), end: required(2, integer)}))});
const set = message({item: repeated(1, string)});

export const attribute = message({
  name: required(1, string),
  type: required(2, oneOf(valueType)),
  scalar: field(3, scalar),
  ranges: field(4, ranges),
  text: field(5, message({value: required(1, string)})),
  set: field(6, set),
});

const reservation = message({
  type: field(4, oneOf({UNKNOWN: 0, STATIC: 1, DYNAMIC: 2})),
  role: field(3, string),
  principal: field(1, string),
  labels: field(2, labels),
});

export const allocation = message({role: field(1, string)});

export const resource = message({
  name: required(1, string),
  type: required(2, oneOf(valueType)),
  scalar: field(3, scalar),
  ranges: field(4, ranges),
  set: field(5, set),
  role: field(6, string),
  reservation: field(8, reservation),
  reservations: repeated(13, reservation),
  allocation_info: field(11, allocation),
  disk: field(7, opaque),
  revocable: field(9, opaque),
  shared: field(10, opaque),
  provider_id: field(12, opaque),
});

export const address = message({hostname: field(1, string), ip: field(2, string), port: required(3, integer)});
