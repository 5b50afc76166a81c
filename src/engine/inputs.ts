import type {Secret} from '../host/command.js';

/** A file of this computer that goes to the hosts. */
export interface LocalFile {
  readonly path: string;
  readonly sha256: string;
}

/** An image that hw5 builds, named by what it is made from. */
export interface ImageInput {
  /** `docker-ssh` */
  readonly name: string;
  /** `docker-ssh:<content key>` */
  readonly tag: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** The build context as a tar. */
  readonly context: () => Buffer;
}

/** Secrets made anew in every run; a step takes one only where no host has any yet. */
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

/** What the controller brings to a run besides the cluster: files, images, fresh secrets, its clock. All plain values, so that plans stay pure. */
export interface Inputs {
  /** Programs that hw5 carries to the hosts, by name. */
  readonly programs: Readonly<Record<string, LocalFile>>;
  /** calicoctl, when it is a file of this computer. */
  readonly calicoctl: LocalFile | undefined;
  readonly images: {
    /** In build order. */
    readonly specs: readonly ImageInput[];
    /** What both are built FROM, as a tag on the builder. */
    readonly baseTag: string;
    /** A root file system to import under that tag. */
    readonly baseTar: string | undefined;
    /** Where the built images are kept on this computer, as one tar. */
    readonly cacheFile: string;
    readonly isCached: boolean;
  };
  readonly secrets: SecretCandidates;
  /** A token that the user chose. */
  readonly chosenToken: Secret | undefined;
  /** Mesos's secret for the framework's principal. */
  readonly mesosSecret: Secret | undefined;
  /** This computer's clock at the start, in ms since the epoch. */
  readonly now: number;
}
