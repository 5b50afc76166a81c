import * as z from 'zod';

/** A file the lab places in every machine before its first boot. Exactly one of `program` and `text` is given. */
export interface PreinstalledFile {
  /** Where, in the machine. */
  readonly path: string;
  readonly mode: number;
  /** The file on this computer that it is a copy of. In install.json relative to the directory of that file. */
  readonly program?: string;
  readonly text?: string;
}

/** What the lab's machines have before hw5 configures them, as the servers of the report had Mesos: packages, files, enabled units. */
export interface Preinstalled {
  /** Debian packages. */
  readonly packages: readonly string[];
  readonly files: readonly PreinstalledFile[];
  /** systemd units enabled at boot. */
  readonly enable: readonly string[];
  /** What the lab's cluster file contains of it; its other values are hw5's defaults. */
  readonly cluster?: ClusterSources;
  /** The upstream systems among it, with their versions, for the user. */
  readonly upstream?: readonly string[];
}

/** Where hw5 gets what is not in the machines. */
export interface ClusterSources {
  /** A file on this computer. */
  readonly calicoctl?: string;
  readonly nodeImage?: string;
  readonly mesosImage?: string;
}

const file = z
  .strictObject({
    path: z.string().startsWith('/'),
    mode: z.int().min(0).max(0o7777),
    program: z.string().min(1).exactOptional(),
    text: z.string().exactOptional(),
  })
  .refine(({program, text}) => (program === undefined) !== (text === undefined), 'exactly one of `program` and `text` is needed');

/** The format of dist/emulators/<name>/install.json, which the build of an emulator writes. */
export const preinstalledSchema: z.ZodType<Preinstalled> = z.strictObject({
  packages: z.array(z.string()),
  files: z.array(file),
  enable: z.array(z.string()),
});

/** Joins the packages, files and units of several parts. */
export function joinPreinstalled(parts: readonly Preinstalled[]): Preinstalled {
  return {
    packages: parts.flatMap((part) => part.packages),
    files: parts.flatMap((part) => part.files),
    enable: parts.flatMap((part) => part.enable),
  };
}
