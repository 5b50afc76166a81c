import {dirname} from 'node:path';
import * as z from 'zod';
import {Hw5Error, UsageError} from '../support/errors.js';
import type {LabHost} from './host.js';
import {DEFAULT_LAB, defineLab, type Lab, type LabDefinition, type LabOptions, labFrom} from './lab.js';
import {makePublicDirectories, readIfPresent, writePublicFile} from './public-path.js';

/** The content of lab.json: the definition, and the key of the base that the machines' disks are layers over. */
export interface LabRecord extends LabDefinition {
  readonly baseKey: string;
}

export const recordSchema = z.object({
  name: z.string(),
  count: z.number(),
  subnet: z.string(),
  sudoPassword: z.array(z.string()),
  calico: z.string().exactOptional(),
  mesos: z.string().exactOptional(),
  baseKey: z.string(),
});

/** What is recorded of a lab: all fields of the schema. */
export function recordOf(lab: LabRecord): z.infer<typeof recordSchema> {
  const fields = Object.keys(recordSchema.shape) as (keyof LabRecord)[];
  return recordSchema.parse(Object.fromEntries(fields.flatMap((key) => (lab[key] === undefined ? [] : [[key, lab[key]]]))));
}

/** @returns undefined when there is no such lab, or only what an interrupted `lab up` or a power failure left */
export async function readRecord(host: LabHost, name: string): Promise<LabRecord | undefined> {
  const {files} = labFrom(defineLab({name}), host);
  const value = parseJson((await readIfPresent(files.definition)) ?? '');
  if (value === undefined) return undefined;
  const record = recordSchema.safeParse(value);
  if (record.success) return record.data;
  throw new Hw5Error(`${files.definition} was not written by this version of hw5`, {
    cause: record.error,
    hint: `run \`hw5 lab down${nameOption(name)}\` and \`up\` again`,
  });
}

/** The lab with every machine that it may have: where its record is missing or damaged, as many as a lab can have. */
export async function everyMachine(host: LabHost, name: string): Promise<Lab> {
  const record = await readRecord(host, name).catch(() => undefined);
  return labFrom(record ?? defineLab({name, count: 9}), host);
}

/** @returns undefined for truncated JSON */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export async function writeRecord(host: LabHost, lab: Lab, record: LabRecord): Promise<void> {
  await makePublicDirectories([dirname(host.state), host.state, lab.directory]);
  await writePublicFile(lab.files.definition, `${JSON.stringify(record, undefined, 2)}\n`);
}

/** The lab of that name, running or not. @throws Hw5Error when there is none */
export async function loadLab(host: LabHost, name: string = DEFAULT_LAB.name): Promise<Lab & LabRecord> {
  const record = await readRecord(host, name);
  if (!record) {
    throw new Hw5Error(`there is no lab "${name}"`, {hint: `make it with \`sudo hw5 lab up${nameOption(name)}\``});
  }
  return {...labFrom(record, host), baseKey: record.baseKey};
}

const AGREED = ['count', 'subnet', 'sudoPassword', 'calico', 'mesos'] as const;

/** The definition of the lab to bring up: that of the existing one, where the options do not contradict it. @throws UsageError */
export function agree(options: LabOptions, record: LabRecord | undefined): LabDefinition {
  if (!record) return defineLab(options);
  const requested = defineLab({
    name: record.name,
    count: options.count ?? record.count,
    subnet: options.subnet ?? record.subnet,
    sudoPassword: options.sudoPassword ?? record.sudoPassword,
    calico: options.calico ?? record.calico,
    mesos: options.mesos ?? record.mesos,
  });
  for (const key of AGREED) {
    if (String(requested[key]) !== String(record[key])) {
      throw new UsageError(`the lab ${record.name} exists with ${describe(key, record)}, not ${describe(key, requested)}`, {
        hint: `run \`hw5 lab down${nameOption(record.name)}\` first, or take another --name`,
      });
    }
  }
  return requested;
}

function describe(key: (typeof AGREED)[number], definition: LabDefinition): string {
  if (key === 'count') return `${definition.count} machines`;
  if (key === 'subnet') return `the subnet ${definition.subnet}`;
  if (key === 'calico') return definition.calico === undefined ? "Calico's emulator" : `the Calico of ${definition.calico}`;
  if (key === 'mesos') return definition.mesos === undefined ? "Mesos's emulator" : `the Mesos of ${definition.mesos}`;
  return definition.sudoPassword.length > 0 ? `a sudo password on ${definition.sudoPassword.join(', ')}` : 'no sudo passwords';
}

/** The option that selects a lab in a command line: ` --name NAME`, or nothing for the default lab. */
export function nameOption(name: string): string {
  return name === DEFAULT_LAB.name ? '' : ` --name ${name}`;
}
