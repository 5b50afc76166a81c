import type {Secret} from '../host/command.js';

/** A file of the controller that is uploaded to hosts. */
export interface LocalFile {
  readonly path: string;
  readonly sha256: string;
}

/** An image that hw5 builds. Its tag is a hash of what it is built from. */
export interface ImageInput {
  /** `docker-ssh` */
  readonly name: string;
  /** `docker-ssh:<content key>` */
  readonly tag: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The build context as a tar. */
  readonly context: () => Buffer;
}

/** Secrets generated in every run. A step uses one only if no host has one yet. */
export interface SecretCandidates {
  /** Jupyter's token. */
  readonly token: Secret;
  /** The key with which Jupyter's container logs in to the ssh containers (OpenSSH format). */
  readonly clientKey: {readonly private: Secret; readonly public: string};
  /** The ssh containers' own host key (OpenSSH format). */
  readonly hostKey: {readonly private: Secret; readonly public: string};
  /** The reverse proxy's API token. */
  readonly proxyToken: Secret;
}

/** A run's input from the controller besides the cluster: files, images, generated secrets, the time. Plain values, so that plans are pure. */
export interface Inputs {
  /** Bundled programs that are uploaded to the hosts, by name. */
  readonly programs: Readonly<Record<string, LocalFile>>;
  /** calicoctl, when it is a file of the controller. */
  readonly calicoctl: LocalFile | undefined;
  readonly images: {
    /** In build order. */
    readonly specs: readonly ImageInput[];
    /** What both are built FROM, as a tag on the builder. */
    readonly baseTag: string;
    /** A root file system to import under that tag. */
    readonly baseTar: string | undefined;
    /** The controller's cache of the built images, one tar. */
    readonly cacheFile: string;
    readonly isCached: boolean;
  };
  readonly secrets: SecretCandidates;
  /** A token that the user chose. */
  readonly chosenToken: Secret | undefined;
  /** Mesos's secret for the framework's principal. */
  readonly mesosSecret: Secret | undefined;
  /** The controller's clock at the start, in ms since the epoch. */
  readonly now: number;
}
