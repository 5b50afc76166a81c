/** Cpus, with a dynamic reservation for the role `ra` if one is given. */
export function cpus(value: number, reservation?: object, more: object = {}): object {
  const reservations = reservation === undefined ? {} : {reservations: [{type: 'DYNAMIC', role: 'ra', ...reservation}]};
  return {name: 'cpus', type: 'SCALAR', scalar: {value}, ...reservations, ...more};
}
