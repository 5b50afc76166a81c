/** A file of an archive. */
export interface TarFile {
  /** Relative, with `/`; at most 100 bytes of UTF-8. */
  readonly path: string;
  readonly mode: number;
  readonly content: Buffer;
}

const BLOCK = 512;

/**
 * A tar archive (ustar, POSIX.1-1988) of regular files that is the same for the same files: in the order of their paths, owned by root,
 * with time 0. Written here because a build context needs no more than this, and npm's packages for it are streams with dependencies.
 */
export function tar(files: readonly TarFile[]): Buffer {
  const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts = sorted.flatMap(({path, mode, content}) => [header(path, mode, content.length), content, padding(content.length)]);
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function header(path: string, mode: number, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`too long for a tar header: ${path}`);
  const block = Buffer.alloc(BLOCK);
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108); // uid
  block.write(octal(0, 8), 116); // gid
  block.write(octal(size, 12), 124);
  block.write(octal(0, 12), 136); // mtime
  block.fill(' ', 148, 156); // the checksum counts as spaces in its own sum
  block.write('0', 156); // a regular file
  block.write('ustar\0' + '00', 257);
  block.write(
    octal(
      block.reduce((sum, byte) => sum + byte, 0),
      7,
    ),
    148,
  );
  return block;
}

/** Digits and a final NUL, `width` bytes together. */
function octal(value: number, width: number): string {
  return `${value.toString(8).padStart(width - 1, '0')}\0`;
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
