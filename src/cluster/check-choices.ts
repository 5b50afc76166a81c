import type {Draft} from './complete.js';
import {type ConfigFinding, hasFinding, type Path} from './finding.js';

/** Checks keys that exclude or require each other. */
export function checkChoices({input}: Draft, known: readonly ConfigFinding[]): ConfigFinding[] {
  const findings: ConfigFinding[] = [];
  const add = (path: Path, message: string, hint: string): void => {
    findings.push({path, message, hint, atKey: true});
  };
  const {calico, images, mesos} = input;
  if (calico?.calicoctl?.url !== undefined && calico.calicoctl.path !== undefined) {
    add(
      ['calico', 'calicoctl', 'path'],
      '`url` and `path` exclude each other',
      'keep `url` to download calicoctl, or `path` to upload it from the controller',
    );
  }
  if (images?.base?.name !== undefined && images.base.import !== undefined) {
    add(
      ['images', 'base', 'import'],
      '`name` and `import` exclude each other',
      'keep `name` for an image, or `import` for the tar file of a root file system',
    );
  }
  const source = mesos?.source;
  const kind = source?.kind ?? (source?.master !== undefined ? 'external' : source?.image !== undefined ? 'image' : 'host');
  const path = ['mesos', 'source'];
  if (source?.image !== undefined && kind !== 'image')
    add([...path, 'image'], `cannot be combined with \`kind: ${kind}\``, 'delete it, or write `kind: image`');
  if (source?.master !== undefined && kind !== 'external') {
    add([...path, 'master'], `cannot be combined with \`kind: ${kind}\``, 'delete it, or write `kind: external`');
  }
  if (kind === 'image' && source?.image === undefined && !hasFinding(known, [...path, 'image'])) {
    add(
      [...path, 'image'],
      'the image is missing',
      'name the image that contains mesos-master and mesos-agent: `source: {image: registry.example.org/mesos:1.11.0}`',
    );
  }
  if (kind === 'external' && source?.master === undefined && !hasFinding(known, [...path, 'master'])) {
    add([...path, 'master'], 'the master is missing', 'write its address: `source: {master: 172.16.1.137:5050}`');
  }
  if (mesos?.principal !== undefined && mesos.secretFile === undefined && !hasFinding(known, ['mesos', 'secretFile'])) {
    add(
      ['mesos', 'secretFile'],
      'missing: a principal needs a secret',
      'write the path of a file of mode 0600 that contains the secret',
    );
  }
  if (mesos?.secretFile !== undefined && mesos.principal === undefined && !hasFinding(known, ['mesos', 'principal'])) {
    add(['mesos', 'principal'], 'missing: a secret needs a principal', 'write the name with which the scheduler authenticates');
  }
  const logins = [
    {ssh: input.ssh, at: ['ssh'] as Path},
    ...(input.nodes ?? []).map(({ssh}, index) => ({ssh, at: ['nodes', index, 'ssh'] as Path})),
  ];
  for (const {ssh, at} of logins) {
    if (ssh?.sudoPasswordEnv !== undefined && ssh.sudoPasswordFile !== undefined) {
      add([...at, 'sudoPasswordFile'], '`sudoPasswordEnv` and `sudoPasswordFile` exclude each other', 'keep one of them');
    }
    if (ssh?.jump && ssh.jump.host === undefined && !hasFinding(known, [...at, 'jump', 'host'])) {
      add([...at, 'jump', 'host'], 'missing', 'write the name or address of the jump host');
    }
  }
  return findings;
}
