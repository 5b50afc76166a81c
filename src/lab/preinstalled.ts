/** A file the lab places in every machine before its first boot. Exactly one of `program` and `text` is given. */
export interface PreinstalledFile {
  readonly path: string;
  readonly mode: number;
  /** The name of a bundle in dist/programs. */
  readonly program?: string;
  readonly text?: string;
}

/** What the lab's machines bring along, as Mesos was there on the report's servers: packages, files, enabled units. */
export interface Preinstalled {
  /** Debian packages. */
  readonly packages: readonly string[];
  readonly files: readonly PreinstalledFile[];
  /** systemd units enabled at boot. */
  readonly enable: readonly string[];
}
