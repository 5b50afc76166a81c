import type {CommandInfo, ContainerInfo, EnvironmentVariable, Volume} from '../common/wire.js';

const unsupported = (what: string): string => `${what} not supported by hw5's Mesos emulator`;

/** Why a container is invalid or not supported; undefined if it is accepted. No setting is ignored silently. */
export function validateContainer(container: ContainerInfo): string | undefined {
  const unsupportedField = (['linux_info', 'rlimit_info'] as const).find((name) => container[name] !== undefined);
  if (unsupportedField !== undefined) return unsupported(`'ContainerInfo.${unsupportedField}' is`);
  return container.type === 'DOCKER' ? validateDockerContainer(container) : validateMesosContainer(container);
}

function validateDockerContainer(container: ContainerInfo): string | undefined {
  if (container.docker === undefined) return "DockerInfo 'docker' is not set for DOCKER typed ContainerInfo";
  return (container.volumes ?? []).map(validateVolume).find((error) => error !== undefined);
}

function validateVolume(volume: Volume): string | undefined {
  if (volume.image !== undefined) return unsupported('Volumes from images are');
  if (volume.source === undefined) return undefined;
  const {type, docker_volume: docker} = volume.source;
  if (type !== 'DOCKER_VOLUME') return unsupported(`Volumes with a source of type ${type ?? 'UNKNOWN'} are`);
  if (!docker) return "Expecting 'docker_volume' to be set for a volume of type DOCKER_VOLUME";
  if (volume.host_path !== undefined) return "Only one of 'host_path' and 'source' may be set for a volume";
  return docker.driver_options === undefined ? undefined : unsupported('Options of volume drivers are');
}

/** Command tasks are not isolated: they have no mount namespace and no network of their own. */
function validateMesosContainer(container: ContainerInfo): string | undefined {
  if (container.mesos?.image !== undefined) return unsupported('Images of the MESOS containerizer are');
  if ((container.volumes ?? []).length > 0) return unsupported('Volumes of the MESOS containerizer are');
  if ((container.network_infos ?? []).some((info) => info.name !== undefined))
    return unsupported('Networks of the MESOS containerizer are');
  return undefined;
}

/** Why the environment of a command is invalid, with upstream's message; undefined if it is valid. */
export function validateEnvironment(command: CommandInfo): string | undefined {
  return (command.environment?.variables ?? []).map(validateVariable).find((error) => error !== undefined);
}

function validateVariable({name, type = 'VALUE', value, secret}: EnvironmentVariable): string | undefined {
  const variable = `Environment variable '${name}' of type '${type}'`;
  if (type === 'VALUE') {
    if (secret !== undefined) return `${variable} must not have a secret set`;
    return value === undefined ? `${variable} must have a value set` : undefined;
  }
  if (type !== 'SECRET') return `Environment variable of type '${type}' is not allowed`;
  if (value !== undefined) return `${variable} must not have a value set`;
  if (secret === undefined) return `${variable} must have a secret set`;
  if (secret.type === 'REFERENCE') return 'Default secret resolver cannot resolve references';
  if (secret.value === undefined) return `Secret of type VALUE must have the 'value' field set`;
  const hasNullByte = Buffer.from(secret.value.data, 'base64').includes(0);
  return hasNullByte ? `Environment variable '${name}' specifies a secret containing null bytes` : undefined;
}
