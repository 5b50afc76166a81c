import {cpus, freemem, loadavg, totalmem} from 'node:os';

/** The metrics of the machine. */
export function systemMetrics(): Record<string, number> {
  const [one, five, fifteen] = loadavg();
  return {
    'system/cpus_total': cpus().length,
    'system/load_1min': one!,
    'system/load_5min': five!,
    'system/load_15min': fifteen!,
    'system/mem_total_bytes': totalmem(),
    'system/mem_free_bytes': freemem(),
  };
}
