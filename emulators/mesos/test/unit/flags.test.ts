import {describe, expect, it} from 'vitest';
import {AGENT_FLAGS} from '../../src/agent/flags.js';
import {checkAgentFlags} from '../../src/agent/identity.js';
import {formatDuration, parseDuration} from '../../src/common/duration.js';
import {type FlagSpecs, parseFlags} from '../../src/common/flags.js';
import {MASTER_FLAGS} from '../../src/master/flags.js';
import {checkMasterFlags} from '../../src/master/settings.js';
import {readExchange} from '../support/transcripts.js';

describe('flags', () => {
  const parse = (argv: string[], environment = {}) => parseFlags(AGENT_FLAGS, argv, environment);

  it('on the command line take precedence over MESOS_ variables, and those over defaults', () => {
    expect(parse([]).string('port')).toBe('5051');
    expect(parse([], {MESOS_PORT: '6000'}).string('port')).toBe('6000');
    expect(parse(['--port=7000'], {MESOS_PORT: '6000'}).string('port')).toBe('7000');
  });

  it('set booleans to true or false', () => {
    expect(parse(['--no-systemd_enable_support']).isOn('systemd_enable_support')).toBe(false);
    expect(parse(['--systemd_enable_support=false']).isOn('systemd_enable_support')).toBe(false);
    expect(parse(['--cgroups_enable_cfs']).isOn('cgroups_enable_cfs')).toBe(true);
  });

  it.each([
    [['--foo=1'], "Failed to load unknown flag 'foo'"],
    [['--no-foo'], "Failed to load unknown flag 'foo' via 'no-foo'"],
    [['--port=1', '--port=1'], "Flag 'port' is already loaded via name 'port'"],
    [['--port'], "Failed to load non-boolean flag 'port': Missing value"],
    [['--no-port'], "Failed to load non-boolean flag 'port' via 'no-port'"],
    [['--no-switch_user=yes'], "Failed to load boolean flag 'switch_user' via 'no-switch_user' with value 'yes'"],
    [['--port=many'], "Failed to load flag 'port': Failed to load value 'many': not a integer"],
    [['--docker_remove_delay=6'], "Failed to load flag 'docker_remove_delay': Failed to load value '6': not a duration"],
    [['--port', '5051'], "Failed to load non-boolean flag 'port': Missing value"],
    [['argument'], "Unexpected argument 'argument'"],
    [
      ['--authenticate_http_readonly'],
      "--authenticate_http_readonly=true is not supported by hw5's Mesos emulator, only 'false'",
    ],
    [['--authorizer=other'], "--authorizer=other is not supported by hw5's Mesos emulator, only 'local'"],
  ])('%j are rejected', (argv, message) => {
    expect(() => parse(argv)).toThrow(message);
  });

  it('have the names and defaults of upstream (transcripts 005 and 802)', () => {
    const defaults = (specs: FlagSpecs, recorded: Readonly<Record<string, string>>) =>
      Object.fromEntries(Object.keys(recorded).map((name) => [name, specs[name]?.default]));
    const master = JSON.parse(readExchange('005-get-flags').text).flags;
    const agent = JSON.parse(readExchange('802-agent-state').text).flags;
    // Those that were set for the recording, that depend on how Mesos was built, or that the emulator has another default for.
    const set = [
      'hostname',
      'ip',
      'port',
      'registry',
      'work_dir',
      'runtime_dir',
      'webui_dir',
      'root_submissions',
      'launcher',
      'launcher_dir',
    ];
    const others = [
      'attributes',
      'resources',
      'master',
      'systemd_enable_support',
      'docker_stop_timeout',
      'quiet',
      'http_authenticators',
    ];
    const stores = ['appc_store_dir', 'docker_store_dir', 'fetcher_cache_dir'];
    for (const [specs, recorded] of [[MASTER_FLAGS, master] as const, [AGENT_FLAGS, agent] as const]) {
      for (const name of Object.keys(recorded)) expect(Object.keys(specs)).toContain(name);
      for (const name of [...set, ...others, ...stores]) delete recorded[name];
      expect(defaults(specs, recorded)).toEqual(recorded);
    }
  });

  it('that are required, invalid or not supported are reported', () => {
    expect(() => checkAgentFlags(parse([]))).toThrow('Missing required option --master');
    expect(() => checkAgentFlags(parse(['--master=zk://a:2181/mesos']))).toThrow('ZooKeeper is not supported');
    expect(() => checkAgentFlags(parse(['--master=a:5050']))).toThrow("Flag 'work_dir' is required");
    expect(() => checkAgentFlags(parse(['--master=a', '--work_dir=/w', '--containerizers=rkt']))).toThrow(
      "Unknown containerizer: 'rkt'",
    );
    expect(checkAgentFlags(parse(['--master=10.0.0.1:5150', '--work_dir=/w']))).toEqual({host: '10.0.0.1', port: 5150});
    const master = (...argv: string[]) => checkMasterFlags(parseFlags(MASTER_FLAGS, argv, {}));
    expect(() => master('--zk=zk://a:2181/mesos', '--registry=in_memory')).toThrow('--zk is not supported');
    expect(() => master()).toThrow('--work_dir needed for replicated log based registry');
    expect(() => master('--registry=disk')).toThrow("'disk' is not a supported option");
    expect(() => master('--registry=in_memory', '--authenticate_http_frameworks')).toThrow('No credentials provided');
  });

  it('may be durations', () => {
    expect(['15secs', '10mins', '6hrs', '200ms', '2weeks'].map(parseDuration)).toEqual([15, 600, 21_600, 0.2, 1_209_600]);
    expect(parseDuration('15')).toBeUndefined();
    expect([15, 600, 21_600].map(formatDuration)).toEqual(['15secs', '10mins', '6hrs']);
  });
});
