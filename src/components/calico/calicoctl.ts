import {calicoNodes, etcdEndpoints} from '../../cluster/cluster.js';
import {type Action, ensureFile, ensureUpload} from '../../engine/action.js';
import type {Fact} from '../../engine/fact.js';
import {exists, FILES, type FileState, fileHash, textFile} from '../../engine/facts.js';
import {render} from '../../support/template.js';
import {defineComponent} from '../component.js';
import {ETC, RESTORE} from '../places.js';

const PROGRAM = '/usr/local/bin/calicoctl';
const CONFIG = '/etc/calico/calicoctl.cfg';
/**
 * Where hw5 got calicoctl from: a URL, or `uploaded`. Without this file an existing calicoctl is foreign, and `down` keeps it. It is written
 * before the program, with `not yet ` in front until the program is complete, so that an interrupted `up` leaves no unmarked program.
 */
const ORIGIN = `${ETC}/calicoctl.origin`;
const NOT_YET = 'not yet ';
/** Copies of a foreign configuration and program, which `down` restores. */
const CONFIG_BACKUP = `${RESTORE}/calicoctl.cfg`;
const PROGRAM_BACKUP = `${RESTORE}/calicoctl`;

/** The managed configuration, or that there is a foreign one, whose content may hold passwords and is not read. */
const configuration: Fact<FileState | 'foreign' | undefined> = {
  service: FILES,
  script: `[ -f ${CONFIG} ] || exit 3; head -n1 ${CONFIG} | grep -q '^# Made by hw5' || exit 4; stat -c %a ${CONFIG} && cat ${CONFIG}`,
  parse: (result) => (result.code === 4 ? 'foreign' : textFile(CONFIG).parse(result)),
};

/** The program calicoctl and its configuration, which names the etcd cluster. */
export const calicoctl = defineComponent({
  name: 'calicoctl',
  title: 'calicoctl',
  needs: ['packages'],
  targets: calicoNodes,
  undoTargets: (cluster) => cluster.nodes,
  facts: () => ({
    hash: fileHash(PROGRAM),
    origin: textFile(ORIGIN),
    configuration,
    hasConfigBackup: exists(CONFIG_BACKUP),
    hasProgramBackup: exists(PROGRAM_BACKUP),
  }),
  plan(observed, {cluster, inputs}) {
    const {url, sha256} = cluster.calico.calicoctl;
    const isFromUrl = sha256 ? observed.hash === sha256 : observed.hash !== undefined && observed.origin?.content === `${url}\n`;
    const fromUrl: readonly Action[] = isFromUrl ? [] : [{kind: 'download', url: url!, sha256, path: PROGRAM, mode: 0o755}];
    const install = inputs.calicoctl ? ensureUpload(PROGRAM, inputs.calicoctl, observed.hash) : fromUrl;
    const origin = `${inputs.calicoctl ? 'uploaded' : url}\n`;
    const incomplete = `${NOT_YET}${origin}`;
    const isForeign = observed.hash !== undefined && !observed.origin && !observed.hasProgramBackup;
    const program =
      install.length === 0
        ? []
        : [
            ...(isForeign ? [backUp(PROGRAM, PROGRAM_BACKUP)] : []),
            ...ensureFile(ORIGIN, incomplete, observed.origin),
            ...install,
            ...ensureFile(ORIGIN, origin, {content: incomplete, mode: '644'}),
          ];
    const config = render('calico/calicoctl.cfg', {endpoints: etcdEndpoints(cluster).join(',')});
    return [
      ...program,
      ...(observed.configuration === 'foreign' && !observed.hasConfigBackup ? [backUp(CONFIG, CONFIG_BACKUP)] : []),
      ...ensureFile(CONFIG, config, observed.configuration === 'foreign' ? undefined : observed.configuration),
    ];
  },
  undo(observed) {
    const isManaged = observed.configuration !== undefined && observed.configuration !== 'foreign';
    const config: readonly Action[] = isManaged
      ? [
          observed.hasConfigBackup ? restore(CONFIG_BACKUP, CONFIG) : {kind: 'remove', path: CONFIG},
          {
            kind: 'run',
            title: 'remove the directory if it is empty',
            argv: ['rmdir', '--ignore-fail-on-non-empty', '/etc/calico'],
          },
        ]
      : [];
    // after an `up` that was interrupted between the backup and ORIGIN, the backup and the program in place are the same
    const backup: readonly Action[] = observed.hasProgramBackup ? [restore(PROGRAM_BACKUP, PROGRAM)] : [];
    const replaced: readonly Action[] = observed.hasProgramBackup ? backup : [{kind: 'remove', path: PROGRAM}];
    const program: readonly Action[] = observed.origin ? [...replaced, {kind: 'remove', path: ORIGIN}] : backup;
    return [...config, ...program];
  },
});

function backUp(path: string, copy: string): Action {
  return {kind: 'run', title: 'back up the existing one', argv: ['cp', '-p', '--', path, copy]};
}

function restore(copy: string, path: string): Action {
  return {kind: 'run', title: 'restore the backup', argv: ['mv', '-f', '--', copy, path]};
}
